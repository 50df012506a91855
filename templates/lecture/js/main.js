// The page comes alive: its parts are built, then shown as the address asks.

import { buildControls } from "./controls.js";
import { drawAll, fitAll } from "./formulas.js";
import { startKeyboard } from "./keyboard.js";
import { startMarks } from "./marks.js";
import { startOrigin } from "./origin.js";
import { buildRows } from "./rows.js";
import { tellAll } from "./state.js";

buildControls();
buildRows();
startMarks();
startOrigin();
startKeyboard();
tellAll();
addEventListener("beforeprint", drawAll);
addEventListener("resize", fitAll);
