// The official JavaScript client under Node.js, for the tests: prints what it is told, a JSON line for each, until its input ends.
// Arguments: address, transport, and what it subscribes to as JSON. The token stands in TOKEN.
const { io } = require("./vendor/socket.io-client.node.cjs");

const [address, transport, wanted] = process.argv.slice(2);
const token = process.env.TOKEN;
const socket = io(address, {
  transports: [transport],
  reconnection: false,
  extraHeaders: token ? { Authorization: `Bearer ${token}` } : {},
});

function say(name, data) {
  process.stdout.write(`${JSON.stringify([name, data])}\n`);
}

function leave() {
  socket.disconnect();
  process.exit(0); // when a connection still waits for its end
}

socket.on("connect", () => {
  socket.emit("subscribe", JSON.parse(wanted), (answer) => say("subscribed", answer));
  socket.emit("request_update", (answer) => say("updated", answer));
});
socket.on("connect_error", (error) => {
  const { message, description } = error; // over polling the description is a status, over websocket an event
  say("refused", `${message}: ${description?.message ?? description}`);
  leave();
});
socket.onAny(say);
process.stdin.resume().on("end", leave);
