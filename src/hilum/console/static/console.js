/* Small things that belong to the browser: ages that grow, keys, the theme, copying, ticking rows. */
"use strict";
(() => {
  const root = document.documentElement;

  // Theme: the system's, unless this browser chose another.
  const chosen = localStorage.getItem("hilum-theme");
  if (chosen) root.dataset.theme = chosen;
  const isDark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  // Ages: the server sends the moment once; the words grow here, so that a page that has not changed is not sent again.
  const UNITS = [["d", 86400], ["h", 3600], ["min", 60]];
  const YEAR = 365.25 * 86400;
  const lasting = (seconds) => {
    if (seconds >= 2 * YEAR) return Math.floor(seconds / YEAR) + " years"; // thousands of days say nothing
    for (const [unit, step] of UNITS) {
      if (seconds < step) continue;
      const whole = seconds / step;
      return (whole >= 10 || unit === "min" ? Math.floor(whole) : Math.floor(whole * 10) / 10) + " " + unit;
    }
    return Math.max(0, Math.floor(seconds)) + " s";
  };
  const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
  const hour = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const told = (element, now) => {
    const moment = new Date(element.dateTime);
    const seconds = (now - moment) / 1000;
    if (element.dataset.age === "span") return lasting(seconds);
    if (element.dataset.age === "ago") return seconds < -1 ? "in " + lasting(-seconds) : lasting(seconds) + " ago";
    const today = moment.toDateString() === new Date(now).toDateString();
    return today ? hour.format(moment) : day.format(moment) + ", " + hour.format(moment);
  };
  const tell = () => {
    const now = Date.now();
    for (const element of document.querySelectorAll("time[data-age]")) {
      const words = told(element, now);
      if (element.textContent !== words) element.textContent = words;
      if (!element.dataset.exact) {
        element.dataset.exact = "1";
        element.title = exact.format(new Date(element.dateTime));
      }
    }
  };

  // A drawing that is wider than the screen begins where the run is.
  const showState = () => {
    for (const model of document.querySelectorAll(".model:not([data-shown])")) {
      const here = model.querySelector(".here rect");
      model.dataset.shown = "1";
      if (here) model.scrollLeft = Number(here.getAttribute("x")) - (model.clientWidth - Number(here.getAttribute("width"))) / 2;
    }
  };

  // Rows that can be walked through with j and k.
  const rows = () => [...document.querySelectorAll("tr[data-row]")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("cursor"));
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    if (at >= 0) all[at].classList.remove("cursor");
    all[next].classList.add("cursor");
    const link = all[next].querySelector("a[data-open]");
    if (link) link.focus();
    all[next].scrollIntoView({ block: "nearest" });
  };
  const help = () => {
    const dialog = document.getElementById("help");
    if (dialog) dialog.open ? dialog.close() : dialog.showModal();
  };
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    "?": help,
    "/": () => document.querySelector("[data-search]")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector(".q-dialog")) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  const ticked = () => {
    const count = document.querySelectorAll("input[data-tick]:checked").length;
    for (const place of document.querySelectorAll("[data-ticked]")) {
      place.textContent = count ? count + " selected" : "None selected";
    }
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-tick-all]")) {
      for (const box of document.querySelectorAll("input[data-tick]")) box.checked = event.target.checked;
    }
    if (event.target.matches?.("[data-tick], [data-tick-all]")) ticked();
    if (event.target.matches?.("form[data-filters] select")) event.target.form.requestSubmit();
  });
  // Filters that are not set do not belong into the address.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches?.("form[data-filters]")) return;
    for (const input of event.target.elements) if (input.name && !input.value) input.disabled = true;
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-copy], [data-theme-switch], [data-help]");
    if (!target) return;
    if ("help" in target.dataset) return help();
    if ("themeSwitch" in target.dataset) {
      root.dataset.theme = isDark() ? "light" : "dark";
      localStorage.setItem("hilum-theme", root.dataset.theme);
      return;
    }
    navigator.clipboard?.writeText(target.dataset.copy).then(() => {
      const before = target.textContent;
      target.textContent = "Copied";
      setTimeout(() => { target.textContent = before; }, 1200);
    });
  });

  const start = () => {
    const changed = () => { tell(); showState(); };
    changed();
    setInterval(tell, 1000);
    new MutationObserver(changed).observe(document.body, { childList: true, subtree: true });
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
