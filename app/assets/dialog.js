/* Small things that every page needs: the question before what cannot be undone, menus that close, "copy". */
(function () {
  "use strict";
  const botv2Words = window.botv2Words;
  /* What the API says when it is done; it speaks English alone. */
  const SAID = {
    "Activity log cleared": botv2Words("Activity log cleared"),
    "Signals cleared": botv2Words("Signals cleared"),
    "Statistics reset": botv2Words("Statistics reset"),
    "Demo data removed": botv2Words("Demo data removed"),
  };
  const ASKS = "[data-confirm]";

  /* Ask, then do what the button says: POST to its `data-post`, or put its `data-value` into the store `data-store`. */
  function ask(button) {
    const dialog = document.getElementById("frame-confirm");
    dialog.querySelector(".question").textContent = button.dataset.confirm;
    dialog.onclick = (event) => {
      const answer = event.target.dataset.answer;
      if (!answer) return;
      dialog.close();
      if (answer === "yes") button.dataset.send ? window.botv2Press(button) : perform(button.dataset);
    };
    dialog.showModal();
  }

  async function perform(wanted) {
    if (wanted.store) {
      window.dash_clientside.set_props(wanted.store, { data: wanted.value });
      return;
    }
    try {
      const { message } = await window.botv2Send("POST", wanted.post);
      window.botv2Toast({ severity: "SUCCESS", title: SAID[message] || message, message: "" });
    } catch (problem) {
      window.botv2Toast({ severity: "ERROR", title: botv2Words("That was refused"), message: problem.message });
    }
  }

  async function copy(button) {
    await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1500);
  }

  function closeMenus(except) {
    for (const menu of document.querySelectorAll(".menu-button[open]")) if (menu !== except) menu.open = false;
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest(".menu-button"));
    const asks = event.target.closest(ASKS);
    const copies = event.target.closest("[data-copy]");
    if (asks) ask(asks);
    if (copies) copy(copies);
  });
  /* Tab has left it. The focus alone does not say so: a press on a label in a menu takes it elsewhere for a moment. */
  document.addEventListener("keyup", (event) => event.key === "Tab" && closeMenus(event.target.closest(".menu-button")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(".menu-button[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
