/* The board: cards are dragged between and within columns. Dropping one sends its own form, as the card's menu does. */
(() => {
  const start = () => {
    if (!window.Sortable) return;
    for (const list of document.querySelectorAll('[data-column]')) {
      if (list.dataset.sortable) continue;
      list.dataset.sortable = 'yes';
      window.Sortable.create(list, { group: 'leads', draggable: '[data-card]', filter: '.menu', preventOnFilter: false, delay: 150, delayOnTouchOnly: true, animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 120, ghostClass: 'drop', dragClass: 'drag', onChoose: bare, onEnd: drop });
    }
  };
  const bare = ({ item }) => item.removeAttribute('style'); /* a copy of it is made, and copied style attributes are refused by our policy */
  const drop = ({ item, from, to, oldIndex, newIndex }) => {
    if (from === to && oldIndex === newIndex) return;
    /* What dragging left: the swap would copy style attributes, which the page's policy forbids. */
    for (const one of document.querySelectorAll('#board [style]')) one.removeAttribute('style');
    const form = item.querySelector('form'), next = item.nextElementSibling?.dataset.card;
    const set = (name, value) => { const input = form.querySelector(`[data-${name}]`); input.disabled = false; input.value = value; };
    set('to', to.dataset.column);
    set('before', next ?? (to.dataset.next || 'end')); /* the first that is not shown any more, if there is one */
    form.requestSubmit();
  };
  document.addEventListener('htmx:after:swap', start);
  start();
})();
