// Tells the server this browser's time zone, by a cookie: the next page says its times in it.

const name = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
const told = `zone_here=${name}`;
if (name && !document.cookie.split("; ").includes(told)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${told}; path=/; max-age=34560000; samesite=lax${secure}`;
}
