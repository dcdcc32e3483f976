/* The table of leads: ticking all, how many are ticked, which row is open. Works on what htmx brings, too. */
(() => {
  const ticks = () => [...document.querySelectorAll('[data-tick]')];
  const show = () => {
    const all = ticks(), on = all.filter((tick) => tick.checked);
    const top = document.querySelector('[data-tick-all]'), words = document.querySelector('[data-tick-count]');
    if (top) { top.checked = on.length > 0 && on.length === all.length; top.indeterminate = on.length > 0 && on.length < all.length; }
    if (words) words.textContent = `${on.length} chosen`;
    for (const tick of all) tick.closest('tr')?.classList.toggle('chosen', tick.checked);
  };
  const mark = (link) => {
    for (const body of document.querySelectorAll('tbody.lead.is-open')) { body.classList.remove('is-open'); body.querySelector('[data-lead-link]')?.removeAttribute('aria-current'); }
    if (!link) return;
    link.closest('tbody')?.classList.add('is-open');
    link.setAttribute('aria-current', 'true');
  };

  document.addEventListener('change', (event) => {
    if (event.target.matches?.('[data-tick-all]')) for (const tick of ticks()) tick.checked = event.target.checked;
    if (event.target.matches?.('[data-tick], [data-tick-all]')) show();
  });
  document.addEventListener('reset', (event) => { if (event.target.id === 'bulk') setTimeout(show); });
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('[data-lead-link]');
    if (link) mark(link);
  });
  document.addEventListener('htmx:after:swap', show);
  show();
})();
