/* [data-countdown="instant"] tells the time left; data-countdown-form: "words" (in 2 h 5 min), "clock" (9:41) or "boxes".
   At zero it shows data-countdown-done and fires "countdown:done" (usable as hx-trigger).
   [data-join-from="instant"] is a link with aria-disabled that opens at its instant. Plain setTimeout, one tick for all. */
(() => {
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const instant = (text) => Date.parse(text);

  /* A wrong clock on the phone must not show a wrong time left. A page from the back-button cache has an old stamp. */
  const stamp = document.querySelector('meta[name="server-now"]')?.content;
  const fresh = performance.getEntriesByType('navigation')[0]?.type !== 'back_forward';
  const drift = stamp && fresh ? instant(stamp) - Date.now() : 0;
  const now = () => Date.now() + (Math.abs(drift) > 20000 ? drift : 0);

  const parts = (seconds) => {
    const minutes = Math.max(0, Math.ceil(seconds / 60));
    return { days: Math.floor(minutes / 1440), hours: Math.floor(minutes / 60) % 24, minutes: minutes % 60 };
  };
  const plural = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const words = (seconds) => {
    const { days, hours, minutes } = parts(seconds);
    if (days > 0) return `in ${plural(days, 'day')}${hours ? ` ${hours} h` : ''}`;
    if (hours > 0) return `in ${hours} h${minutes ? ` ${minutes} min` : ''}`;
    return seconds > 60 ? `in ${minutes} min` : 'in less than a minute';
  };
  const clock = (seconds) => {
    if (calm.matches && seconds > 60) return `${Math.ceil(seconds / 60)} min`;
    const shown = calm.matches ? Math.ceil(seconds / 10) * 10 : seconds;
    return `${Math.floor(shown / 60)}:${String(shown % 60).padStart(2, '0')}`;
  };
  const boxes = (element, seconds) => {
    const { days, hours, minutes } = parts(seconds);
    const shown = days > 0 ? [[days, 'day'], [hours, 'hour'], [minutes, 'min']] : [[hours, 'hour'], [minutes, 'min']];
    const key = shown.join();
    if (element.dataset.shown === key) return;
    element.dataset.shown = key;
    element.replaceChildren(...shown.map(([number, word]) => {
      const box = document.createElement('span'), figure = document.createElement('b');
      figure.textContent = number;
      box.append(figure, word === 'min' || number === 1 ? word : `${word}s`);
      return box;
    }));
    element.setAttribute('aria-label', `Starts in ${shown.map(([number, word]) => plural(number, word === 'min' ? 'minute' : word)).join(' ')}`);
  };
  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  const tell = (element) => {
    const seconds = Math.ceil((instant(element.dataset.countdown) - now()) / 1000);
    if (Number.isNaN(seconds)) return false;
    if (seconds <= 0) {
      if (element.dataset.over) return false;
      element.dataset.over = 'yes';
      element.removeAttribute('aria-label');
      write(element, element.dataset.countdownDone ?? 'now');
      element.dispatchEvent(new CustomEvent('countdown:done', { bubbles: true }));
      return false;
    }
    delete element.dataset.over;
    if (element.dataset.countdownForm === 'boxes') boxes(element, seconds);
    else write(element, (element.dataset.countdownForm === 'clock' ? clock : words)(seconds));
    return element.dataset.countdownForm === 'clock' || seconds < 120;
  };
  const open = (link) => {
    if (instant(link.dataset.joinFrom) > now()) return;
    delete link.dataset.joinFrom;
    link.removeAttribute('aria-disabled');
    const note = document.getElementById(link.getAttribute('aria-describedby'));
    if (note) note.textContent = link.dataset.joinOpen ?? 'You can join now.';
    window.Disha?.say(link.dataset.joinOpen ?? 'You can join now.');
  };

  let timer = 0;
  const tick = () => {
    clearTimeout(timer);
    let quick = false;
    for (const element of document.querySelectorAll('[data-countdown]')) quick = tell(element) || quick;
    for (const link of document.querySelectorAll('[data-join-from]')) open(link);
    if (document.querySelector('[data-countdown]:not([data-over]), [data-join-from]')) timer = setTimeout(tick, quick ? 1000 - (now() % 1000) : 5000);
  };
  tick();
  document.addEventListener('htmx:after:swap', tick);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) tick(); });
  document.addEventListener('click', (event) => { if (event.target.closest('a[aria-disabled="true"]')) event.preventDefault(); });
})();
