/* The settings page: the list of time zones, and the new page in the language that was chosen. */
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

  document.addEventListener("botv2:page", fillZones);
  Object.assign(window.dash_clientside.botv2, {
    /* Every text of the page is another one now: nothing that stands here could stay. */
    reload(saved) {
      if (saved) window.location.reload();
    },
  });
})();
