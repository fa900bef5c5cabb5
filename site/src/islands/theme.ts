/** @file The theme button: light or dark, kept in this browser only. */
const button = document.querySelector<HTMLButtonElement>("#theme");
const root = document.documentElement;

function isDark(): boolean {
  return root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
}

function show(): void {
  if (button) button.textContent = isDark() ? "Light" : "Dark";
}

if (button) {
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // A browser that keeps nothing still shows the choice on this page.
    }
    show();
  });
}
