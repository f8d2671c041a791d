// How far an upload and an import are; both pages work without it.
(() => {
  // An upload tells how much of it was sent, then leads on or says beside the field what is wrong.
  for (const form of document.querySelectorAll("form[data-upload]")) {
    const box = form.querySelector("[data-upload-progress]");
    const bar = box.querySelector("progress");
    const words = box.querySelector("[data-upload-words]");
    const problem = form.querySelector("#file-problem");
    const input = form.querySelector("input[type=file]");
    const button = form.querySelector("button");

    const stop = (sentence) => {
      box.hidden = true;
      button.disabled = false;
      input.classList.add("is-invalid");
      input.setAttribute("aria-invalid", "true");
      problem.textContent = sentence;
      input.focus();
    };

    const answer = (request) => {
      let said = {};
      try { said = JSON.parse(request.responseText); } catch { /* An error page. */ }
      if (said.address) { window.location.assign(said.address); return; }
      if (request.status === 413) { stop("The file is too large. Pack it with gzip or send it in parts."); return; }
      stop(said.problem || "The file did not arrive. Load the page again and send it once more.");
    };

    form.addEventListener("submit", (event) => {
      if (!input.files.length) return;
      event.preventDefault();
      event.stopPropagation();
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (sent) => {
        if (!sent.lengthComputable) return;
        const percent = Math.floor((100 * sent.loaded) / sent.total);
        bar.value = percent;
        words.textContent = percent < 100 ? `${percent} % sent` : "All is sent; it is being kept…";
      });
      request.addEventListener("load", () => answer(request));
      request.addEventListener("error", () => stop("The connection was lost. Send the file once more."));
      request.open("POST", form.action);
      request.setRequestHeader("X-Upload", "progress");
      problem.textContent = "";
      input.classList.remove("is-invalid");
      box.hidden = false;
      button.disabled = true;
      request.send(new FormData(form));
    }, true);
  }

  // An import tells how far it is until it ends; then the page shows what became of it.
  for (const card of document.querySelectorAll("[data-live]")) {
    const bar = card.querySelector("[data-live-bar]");
    let wait = 1000;
    const ask = async () => {
      try {
        const response = await fetch(card.dataset.live, { headers: { Accept: "application/json" } });
        if (!response.ok || response.redirected) return;
        const told = await response.json();
        if (!told.is_open) { window.location.reload(); return; }
        bar.value = told.percent;
        for (const place of card.querySelectorAll("[data-live-value]")) {
          const value = String(told[place.dataset.liveValue]);
          if (place.textContent !== value) place.textContent = value;
        }
        wait = 1000;
      } catch { wait = Math.min(wait * 2, 30000); }
      window.setTimeout(ask, wait);
    };
    window.setTimeout(ask, wait);
  }
})();
