// Delegated behaviour for both areas; every page works without it.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Appearance.
  for (const select of all("[data-theme-choice]")) {
    select.hidden = false;
    select.value = window.themeChoice.get();
    select.addEventListener("change", () => window.themeChoice.set(select.value));
  }

  // The menu begins closed where it would cover a phone's screen.
  if (window.matchMedia("(max-width: 991px)").matches) {
    for (const menu of all("details[data-narrow-closed]")) menu.removeAttribute("open");
  }

  // Errors are read first.
  const first = document.querySelector("[data-focus]") || document.querySelector("[aria-invalid=true]");
  if (first) first.focus();

  // A question before a form is sent.
  const ask = (sentence, verb) => new Promise((answer) => {
    const box = document.createElement("dialog");
    box.className = "ask";
    box.setAttribute("aria-labelledby", "ask-sentence");
    const words = document.createElement("p");
    words.id = "ask-sentence";
    words.textContent = sentence;
    const row = document.createElement("div");
    row.className = "ask-buttons";
    const no = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: "Go back" });
    const yes = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-primary", textContent: verb });
    no.addEventListener("click", () => box.close("no"));
    yes.addEventListener("click", () => box.close("yes"));
    row.append(no, yes);
    box.append(words, row);
    box.addEventListener("close", () => { box.remove(); answer(box.returnValue === "yes"); });
    document.body.append(box);
    box.showModal();
    yes.focus();
  });

  const busy = (form, button) => {
    form.dataset.sent = "1";
    if (!button) return;
    button.dataset.label = button.innerHTML;
    button.setAttribute("aria-disabled", "true");
    button.textContent = "Sending…";
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const button = event.submitter;
    const sentence = (button && button.dataset.confirm) || form.dataset.confirm;
    if (sentence && !form.dataset.confirmed) {
      event.preventDefault();
      const verb = (button && button.dataset.confirmVerb) || form.dataset.confirmVerb || "Go on";
      if (await ask(sentence, verb)) {
        form.dataset.confirmed = "1";
        form.requestSubmit(button || undefined);
      }
      return;
    }
    delete form.dataset.confirmed;
    // A form that opens another tab leaves this page as it is.
    if (form.target === "_blank") return;
    if (form.method === "post" && !(button && button.hasAttribute("data-again"))) setTimeout(() => busy(form, button), 0);
  });

  // A filter left empty is no filter: Flask-Admin would look for rows whose value is empty.
  document.addEventListener("formdata", (event) => {
    if (event.target.id !== "filters") return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });

  // A page that comes back from the browser's memory can be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    for (const button of all("button[data-label]")) {
      button.innerHTML = button.dataset.label;
      button.removeAttribute("aria-disabled");
      delete button.dataset.label;
    }
  });

  // A form that only asks because a GET must not write.
  for (const form of all("form[data-send-at-once]")) form.requestSubmit();

  // "/" goes to the search box.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.body.dataset.keys === "off") return;
    const box = document.querySelector("[data-search]");
    if (box) {
      event.preventDefault();
      box.closest("details")?.setAttribute("open", "");
      box.focus();
      box.select();
    }
  });

  // Help opens over the page; without a script its link leads to a page of its own.
  const helpLink = document.querySelector("[data-help]");
  const fetchHelp = async () => {
    const answer = await fetch(helpLink.href);
    const whole = new DOMParser().parseFromString(await answer.text(), "text/html");
    const box = document.createElement("dialog");
    box.className = "ask help";
    box.setAttribute("aria-label", "Help");
    const close = document.createElement("form");
    close.method = "dialog";
    close.className = "ask-buttons";
    close.append(Object.assign(document.createElement("button"), { className: "btn btn-primary", textContent: "Close" }));
    box.append(whole.getElementById("help-content"), close);
    document.body.append(box);
    return box;
  };
  const openHelp = async () => {
    try {
      (document.querySelector("dialog.help") || await fetchHelp()).showModal();
    } catch { window.location.assign(helpLink.href); }
  };
  if (helpLink && !document.getElementById("help-content")) {
    helpLink.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      openHelp();
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
      if (event.key !== "?" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.body.dataset.keys === "off" || document.querySelector("[data-keys-help]")) return;
      event.preventDefault();
      openHelp();
    });
  }

  // Rows chosen for a batch.
  for (const bulk of all("[data-bulk]")) {
    const rows = () => all("input[data-row]", bulk);
    const every = bulk.querySelector("[data-every-row]");
    const count = bulk.querySelector("[data-count]");
    const whole = bulk.querySelector("[data-whole-list]");
    const show = () => {
      const isWhole = whole !== null && whole.checked;
      const chosen = rows().filter((row) => row.checked).length;
      if (every) { every.checked = chosen > 0 && chosen === rows().length; every.indeterminate = chosen > 0 && !every.checked; }
      if (count) count.textContent = isWhole ? whole.dataset.wholeList : chosen ? `${chosen} chosen` : "None chosen";
      bulk.classList.toggle("has-chosen", isWhole || chosen > 0);
      for (const button of all(".bulk-bar button", bulk)) button.disabled = !isWhole && chosen === 0;
    };
    if (every) { every.hidden = false; every.addEventListener("change", () => { for (const row of rows()) row.checked = every.checked; show(); }); }
    bulk.addEventListener("change", show);
    // A browser that goes back brings the boxes as they were left.
    window.addEventListener("pageshow", show);
  }

  // Many boxes, found by typing.
  for (const box of all("[data-filter-boxes]")) {
    box.hidden = false;
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      for (const one of document.getElementById(box.dataset.filterBoxes).children) {
        one.hidden = !one.textContent.toLowerCase().includes(wanted) && !one.querySelector(":checked");
      }
    });
  }

  document.addEventListener("change", (event) => {
    const select = event.target.closest("[data-autosubmit]");
    if (select && select.form) select.form.requestSubmit();
  });

  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.setAttribute("aria-label", "Copied");
  });
})();
