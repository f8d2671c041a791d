// Shows what a form would do while it is being filled: its page is asked for the preview, and the
// named part is put in place. The Preview button does the same without a script.
(() => {
  const form = document.querySelector("form[data-live]");
  if (!form) return;
  const [name, value] = form.dataset.live.split("=");
  const place = form.dataset.livePart;
  let waiting = 0, last = 0;
  const ask = async () => {
    const turn = ++last;
    const body = new FormData(form);
    for (const file of form.querySelectorAll("input[type=file]")) body.delete(file.name);
    body.set(name, value);
    const answer = await fetch(form.action || window.location.href, { method: "POST", body, redirect: "manual" });
    // What cannot be saved keeps the last preview; saving says what is wrong.
    if (turn !== last || !answer.ok) return;
    const whole = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = document.getElementById(place), next = whole.getElementById(place);
    if (now && next) now.replaceWith(next);
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(() => {}), 400);
  });
})();
