/* Before first paint: the theme. Then the switch, dialogs opened from plain links, menus, and what closes. Nothing here is needed to use a page. */
(() => {
  const root = document.documentElement, key = 'theme';
  const read = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => { root.dataset.bsTheme = read() ?? (system.matches ? 'dark' : 'light'); };
  apply();
  system.addEventListener('change', apply);

  /* The one voice: short results for screen readers. The pause makes the same words heard twice. */
  let waiting = [];
  const say = (text) => {
    const words = text?.replace(/\s+/g, ' ').trim();
    if (!words) return;
    waiting.push(words);
    if (waiting.length > 1) return;
    const live = document.getElementById('live');
    if (live) live.textContent = '';
    setTimeout(() => {
      const box = document.getElementById('live');
      if (box) box.textContent = [...new Set(waiting)].join(' ');
      waiting = [];
    }, 80);
  };
  window.Disha = { say };

  const switchTheme = () => {
    const next = root.dataset.bsTheme === 'dark' ? 'light' : 'dark';
    try { localStorage.setItem(key, next); } catch { /* private mode: the choice lasts for this page */ }
    root.dataset.bsTheme = next;
    say(next === 'dark' ? 'Dark theme' : 'Light theme');
  };

  const openDialog = (hash) => {
    const dialog = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
    if (!(dialog instanceof HTMLDialogElement)) return false;
    if (!dialog.open) dialog.showModal();
    return true;
  };
  const closeDialog = (event, closer) => {
    const dialog = closer.closest('dialog');
    if (!dialog?.open) return;
    if (!dialog.matches(':target')) event.preventDefault();
    dialog.close();
  };
  const onBackdrop = (event) => {
    if (!event.target.matches?.('dialog.dialog:modal')) return;
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && event.detail > 0) event.target.close();
  };
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(except)) menu.open = false;
  };
  const dismiss = (button) => {
    const box = button.closest('.toast-d, .notice');
    const hadFocus = box?.contains(document.activeElement);
    box?.remove();
    if (hadFocus) document.getElementById('main')?.focus({ preventScroll: true });
  };

  document.addEventListener('click', (event) => {
    const { target } = event;
    if (target.closest('[data-theme-toggle]')) switchTheme();
    const opener = target.closest('a[data-dialog]');
    if (opener && openDialog(opener.hash)) { event.preventDefault(); closeMenus(null); }
    const closer = target.closest('[data-close]');
    if (closer) closeDialog(event, closer);
    const cross = target.closest('[data-dismiss]');
    if (cross) dismiss(cross);
    onBackdrop(event);
    closeMenus(target);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const menu = event.target.closest?.('details.menu[open]');
    if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
  });
  document.addEventListener('DOMContentLoaded', () => { if (location.hash) openDialog(location.hash); });
})();
