((lang, pairs) => {
  // The framework speaks English: what it says by itself is put in the language of the page, each part once,
  // when it appears. Words of the pages, code and figures are left alone.
  const own = (window.sintrataWords ??= { lang: "en" });
  if (own.lang === lang) return;
  own.lang = lang;
  own.watch?.disconnect();

  const exact = new Map();
  const patterns = [];
  for (const [english, other] of pairs) {
    const [was, is] = lang === "en" ? [other, english] : [english, other];
    if (!was.includes("{")) exact.set(was, is);
    else {
      const plain = was.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
      patterns.push([new RegExp(`^${plain.replace(/\{(\w+)\}/g, "(?<$1>.+?)")}$`), is]);
    }
  }
  const LONGEST = 400;
  const NAMED = ["aria-label", "title", "placeholder", "alt"];
  const LEFT_ALONE = "pre, code, script, style, svg, textarea, [contenteditable], [data-testid=stMarkdownContainer]";
  const LABELS = ["stFileUploader", "stTooltipContent", "stTooltipErrorContent", "stElementToolbar"]
    .map((name) => `[data-testid=${name}]`)
    .join();

  const say = (text) => {
    const plain = text.trim();
    if (!plain || plain.length > LONGEST) return text;
    let now = exact.get(plain);
    for (const [was, is] of now === undefined ? patterns : []) {
      const found = was.exec(plain);
      if (found) {
        now = is.replace(/\{(\w+)\}/g, (_, name) => say(found.groups[name]));
        break;
      }
    }
    return now === undefined ? text : text.replace(plain, () => now);
  };
  // A button of a figure is called "Fullscreen: what the figure shows".
  const called = (text) => {
    const now = say(text);
    const [action, ...rest] = text.split(": ");
    return now === text && rest.length && exact.has(action) ? [exact.get(action), ...rest].join(": ") : now;
  };
  const text = (node) => {
    const holder = node.parentElement;
    const alone = holder?.closest(LEFT_ALONE);
    if (!holder || (alone && !(alone.dataset.testid && alone.closest(LABELS)))) return;
    const now = say(node.nodeValue);
    if (now !== node.nodeValue) node.nodeValue = now;
  };
  const names = (part) => {
    for (const name of NAMED) {
      const was = part.getAttribute(name);
      const now = was && called(was);
      if (now !== was) part.setAttribute(name, now);
    }
    // An icon is called after its file; what it stands beside says the same in words.
    if (part.dataset?.testid === "stIconMaterial") part.setAttribute("aria-hidden", "true");
  };
  const all = (root) => {
    if (root.nodeType === Node.TEXT_NODE) return text(root);
    if (root.nodeType !== Node.ELEMENT_NODE) return;
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = root; node; node = walk.nextNode()) (node.nodeType === Node.TEXT_NODE ? text : names)(node);
  };

  all(document.body);
  if (lang === "en") return;
  let waiting = new Set();
  const turn = () => {
    const parts = waiting;
    waiting = new Set();
    for (const part of parts) if (part.isConnected) all(part);
  };
  const see = (changes) => {
    if (!waiting.size && changes.length) requestAnimationFrame(turn);
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach((node) => waiting.add(node));
      else if (type === "characterData") waiting.add(target);
      else names(target);
    }
  };
  own.watch = new MutationObserver(see);
  const seen = { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: NAMED };
  own.watch.observe(document.body, seen);
})
