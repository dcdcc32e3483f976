/* The search over everything: Ctrl-K or ⌘K opens it, arrows walk through what was found, Enter follows the first or the chosen one.
   The hits are plain links; without this file the same search is a page. */
(() => {
  const dialog = document.getElementById('palette');
  if (!dialog) return;
  const input = dialog.querySelector('[data-palette-input]');
  const hits = () => [...dialog.querySelectorAll('[data-hit]')];
  const open = () => { if (!dialog.open) dialog.showModal(); input.focus(); input.select(); };

  document.addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault(); /* browsers put their own search there */
    if (dialog.open) dialog.close(); else open();
  });
  document.addEventListener('click', (event) => { if (event.target.closest('[data-palette-open]')) setTimeout(open); });

  /* Enter before the answer has come: the page of the search is asked instead. */
  dialog.querySelector('form').addEventListener('submit', (event) => {
    const first = hits()[0];
    if (!first || input.value !== shown) return;
    event.preventDefault();
    location.assign(first.href);
  }, true);
  let shown = '';
  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => { if (dialog.contains(ctx.sourceElement)) ctx.typed = input.value; });
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => { if (ctx.typed !== undefined) shown = ctx.typed; });

  dialog.addEventListener('keydown', (event) => {
    const list = hits(), at = list.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.length) {
      event.preventDefault();
      const next = at + step;
      if (next < 0) input.focus(); else list[Math.min(next, list.length - 1)].focus();
    } else if (at >= 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus(); /* the letter lands there */
  });
})();
