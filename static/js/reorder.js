/* Drag to reorder. [data-sortable] names the element that hears "sorted" when a drag has changed the order; the arrows beside
   each line do the same without dragging. Also keeps a tab from closing over a package that is not saved. */
(() => {
  const root = document.documentElement;
  const order = (list) => [...list.children].map((child) => child.id).join(' ');

  const prepare = () => {
    if (!window.Sortable) return;
    root.dataset.sorting = '';
    for (const list of document.querySelectorAll('[data-sortable]')) {
      if (window.Sortable.get(list)) continue;
      let before = '';
      window.Sortable.create(list, {
        handle: '[data-grip]',
        animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 120,
        ghostClass: 'drag-ghost',
        onStart: () => { before = order(list); },
        onEnd: () => {
          if (order(list) === before) return;
          document.querySelector(list.dataset.sortable)?.dispatchEvent(new CustomEvent('sorted', { bubbles: true }));
        },
      });
    }
  };
  prepare();
  document.addEventListener('htmx:after:swap', prepare);

  const form = document.querySelector('form[data-unsaved]');
  if (!form) return;
  let unsaved = form.dataset.unsaved === 'yes';
  const touched = (event) => { if (event.target.form === form) unsaved = true; };
  document.addEventListener('input', touched);
  document.addEventListener('change', touched);
  form.addEventListener('click', (event) => { if (event.target.closest('button[name="do"]')) unsaved = true; });
  document.addEventListener('click', (event) => { if (event.target.closest('[data-discard]')) unsaved = false; });
  document.addEventListener('submit', (event) => { if (event.target === form && !event.submitter?.formTarget) unsaved = false; else if (event.target !== form) unsaved = false; });
  window.addEventListener('beforeunload', (event) => { if (unsaved) event.preventDefault(); });
  /* Lines that came, went or moved change the card, too. */
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => { if (ctx?.target?.id === 'features' || ctx?.target?.id?.endsWith('-field')) form.dispatchEvent(new CustomEvent('changed')); });
})();
