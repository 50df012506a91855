// The page comes alive: its parts are built, then shown as the address asks.

import { buildControls } from "./controls.js";
import { drawAll, fitAll } from "./formulas.js";
import { startKeyboard } from "./keyboard.js";
import { startMarks } from "./marks.js";
import { startOrigin } from "./origin.js";
import { buildPlayer } from "./player.js";
import { buildRows } from "./rows.js";
import { tellAll } from "./state.js";
import { startSteps } from "./steps.js";
import { buildTraining } from "./training.js";

buildControls();
buildRows();
buildPlayer();
buildTraining();
startMarks();
startOrigin();
startSteps();
startKeyboard();
tellAll();
addEventListener("beforeprint", drawAll);
addEventListener("resize", fitAll);
document.fonts.addEventListener("loadingdone", fitAll); // only now formulas are as wide as they will be
