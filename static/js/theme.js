// Chooses light or dark before the first paint; the choice is kept in this browser only.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("theme") || "system"; } catch { return "system"; } };
  const apply = () => {
    const choice = stored();
    const look = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    document.documentElement.setAttribute("data-bs-theme", look);
  };
  apply();
  dark.addEventListener("change", apply);
  window.themeChoice = {
    get: stored,
    set: (choice) => { try { localStorage.setItem("theme", choice); } catch { /* private mode */ } apply(); },
  };
})();
