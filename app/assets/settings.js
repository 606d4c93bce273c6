/* The settings page: the list of time zones, and the new page in the language that was chosen; in the browser's other windows, too. */
(function () {
  "use strict";

  function fillZones() {
    const list = document.getElementById("settings-zones");
    if (!list || list.childElementCount) return;
    for (const zone of ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")]) {
      const choice = document.createElement("option");
      choice.value = zone;
      list.append(choice);
    }
  }

  /* Else one part of a page would speak as before and what the server draws anew as was chosen. What somebody writes is not thrown away. */
  const windows = new BroadcastChannel("botv2-speech");
  windows.onmessage = () => {
    const dialog = document.querySelector("dialog[open]");
    if (dialog) dialog.addEventListener("close", () => window.location.reload(), { once: true });
    else window.location.reload();
  };

  document.addEventListener("botv2:page", fillZones);
  Object.assign(window.dash_clientside.botv2, {
    /* Every text of the page is another one now: nothing that stands here could stay. */
    reload(saved) {
      if (!saved) return;
      windows.postMessage("changed");
      window.location.reload();
    },
  });
})();
