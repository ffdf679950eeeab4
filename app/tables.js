(() => {
  // A table that is wider than a phone can be scrolled; by keyboard only if it can have the focus.
  if (window.sintrataTables) return;
  window.sintrataTables = true;
  // Groups of the menu stand between its entries: a list that is none says so, and its links remain.
  const menu = () => {
    for (const list of document.querySelectorAll("[data-testid=stSidebarNavItems]")) {
      for (const part of [list, ...list.querySelectorAll("li")]) {
        if (part.getAttribute("role") !== "presentation") part.setAttribute("role", "presentation");
      }
    }
  };
  const reach = () => {
    menu();
    for (const table of document.querySelectorAll("[data-testid=stTable]")) {
      for (const part of [table, ...table.querySelectorAll("div")]) {
        if (part.scrollWidth > part.clientWidth && part.tabIndex < 0) part.tabIndex = 0;
      }
    }
  };
  new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
  addEventListener("resize", reach);
  reach();
})();
