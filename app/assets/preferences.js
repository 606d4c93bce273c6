/* What the person has chosen, kept with her on the server: `botv2Preference.read("views")` and `.change("views", (known) => wanted)`,
   where what was never chosen is undefined. Another tab may have changed it: it is read again right before it is changed.
   Whatever fails throws, and then nothing is kept. */
(function () {
  "use strict";
  const API = "/api/preferences";
  const read = async (name) => (await window.botv2Send("GET", API)).data.preferences[name];
  let last = Promise.resolve(); // one change after the other, else the later would not know of the earlier

  function change(name, changed) {
    const done = last.then(async () => (await window.botv2Send("PUT", `${API}/${name}`, { value: changed(await read(name)) })).data.value);
    last = done.catch(() => {}); // told to whoever asked for it
    return done;
  }

  window.botv2Preference = { read: read, change: change };
})();
