// What every page gets. Pages work without it; with it they answer at once.

import { letGo } from "./ask.js";
import "./toggles.js";
import "./photos.js";
import "./comments.js";
import "./dot.js";
import "./changed.js";
import "./endless.js";
import "./fresh.js";
import "./share.js";
import "./keys.js";
import "./zone.js";
import "./away.js";

document.documentElement.classList.add("scripted"); // all of the above has arrived
for (const toast of document.querySelectorAll("[data-toast]")) letGo(toast);
if (document.querySelector("[data-complete]")) import("./complete.js");
if (document.querySelector("textarea")) import("./counters.js");
if (document.querySelector("[data-own-picture]")) import("./own_picture.js");
if (document.querySelector("[data-find]")) import("./find.js");
if (document.querySelector("[data-sign-out]")) import("./leaving.js");
if (localStorage.getItem("waiting")) import("./waiting_list.js");
