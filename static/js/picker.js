/* table.month[role=grid]: one tab stop; arrows by day and week, Home and End in the week, Page Up and Down by month, Enter follows the day's link.
   The month links carry data-month="prev" and "next" and stand in the same section as the grid. */
(() => {
  const grids = () => document.querySelectorAll('table.month[role="grid"]');
  const days = (grid) => [...grid.querySelectorAll('tbody td > .day')];
  const chosen = (grid) => grid.querySelector('td[aria-selected="true"] > .day') ?? grid.querySelector('td > a.day, td > button.day') ?? grid.querySelector('td > .day.today') ?? grid.querySelector('td > .day');
  const words = (day) => (day.querySelector('.visually-hidden') ?? day).textContent;

  const rove = (grid, stop) => { for (const day of days(grid)) day.tabIndex = day === stop ? 0 : -1; };
  const go = (grid, day) => { rove(grid, day); day.focus(); };

  let arrival = null; /* where the cursor belongs once another month is there */
  const turn = (grid, way, place) => {
    const link = grid.closest('section, form, .card, main')?.querySelector(`[data-month="${way}"]`);
    if (!link || link.getAttribute('aria-disabled') === 'true') return;
    arrival = { id: grid.id, place };
    link.click();
  };

  const moves = {
    ArrowLeft: (all, at) => at - 1, ArrowRight: (all, at) => at + 1, ArrowUp: (all, at) => at - 7, ArrowDown: (all, at) => at + 7,
    Home: (all, at) => at - (at % 7), End: (all, at) => Math.min(all.length - 1, at - (at % 7) + 6),
  };
  document.addEventListener('keydown', (event) => {
    const day = event.target.closest?.('table.month[role="grid"] .day');
    if (!day || event.altKey || event.ctrlKey || event.metaKey) return;
    const grid = day.closest('table.month');
    if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      turn(grid, event.key === 'PageUp' ? 'prev' : 'next', 'chosen');
    } else if (event.key in moves) {
      event.preventDefault();
      const all = days(grid), to = moves[event.key](all, all.indexOf(day));
      if (all[to]) go(grid, all[to]);
      else turn(grid, to < 0 ? 'prev' : 'next', to < 0 ? 'last' : 'first');
    } else if (event.key === ' ') {
      event.preventDefault();
      day.click();
    }
  });

  let before = null; /* what the cursor was on when a swap took it away */
  document.addEventListener('htmx:before:swap', () => {
    const day = document.activeElement?.closest?.('table.month[role="grid"] .day');
    before = day ? { id: day.closest('table.month').id, words: words(day) } : null;
  });
  const settle = () => {
    for (const grid of grids()) {
      const stop = chosen(grid);
      if (!stop) continue;
      rove(grid, stop);
      const lost = document.activeElement === document.body || document.activeElement === null;
      if (arrival && arrival.id === grid.id && (lost || !document.activeElement.closest('dialog'))) {
        const inMonth = days(grid).filter((day) => !day.classList.contains('out'));
        go(grid, arrival.place === 'first' ? inMonth.at(0) ?? stop : arrival.place === 'last' ? inMonth.at(-1) ?? stop : stop);
        window.Disha?.say(grid.getAttribute('aria-label') ?? document.getElementById(grid.getAttribute('aria-labelledby'))?.textContent);
        arrival = null;
      } else if (before && lost && before.id === grid.id) {
        go(grid, stop);
        if (words(stop) !== before.words) window.Disha?.say(words(stop));
      }
    }
    before = null;
  };
  settle();
  document.addEventListener('htmx:after:swap', settle);
})();
