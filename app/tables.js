(() => {
  // A table that is wider than a phone can be scrolled; by keyboard only if it can have the focus.
  if (window.sintrataTables) return;
  window.sintrataTables = true;
  const reach = () => {
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
