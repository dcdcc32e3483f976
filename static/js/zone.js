/* The browser's time zone: a cookie for the server, and the value of zone inputs that are still empty. */
(() => {
  const renamed = { 'Asia/Calcutta': 'Asia/Kolkata', 'Asia/Katmandu': 'Asia/Kathmandu', 'Asia/Dacca': 'Asia/Dhaka', 'Asia/Rangoon': 'Asia/Yangon', 'Asia/Saigon': 'Asia/Ho_Chi_Minh' };
  const found = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = renamed[found] ?? found;
  if (!zone || !/^[A-Za-z0-9_+/-]{1,64}$/.test(zone)) return;

  if (!document.cookie.split('; ').includes(`tz=${zone}`)) {
    document.cookie = `tz=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
  }

  const fill = () => {
    for (const input of document.querySelectorAll('[data-zone-input]')) {
      if (input.value) continue;
      if (input instanceof HTMLSelectElement && ![...input.options].some((option) => option.value === zone)) {
        input.add(new Option(zone.replaceAll('_', ' '), zone));
      }
      input.value = zone;
    }
  };
  fill();
  document.addEventListener('htmx:after:swap', fill);
})();
