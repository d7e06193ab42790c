import { render } from "preact";
import { start } from "./app";
import { App } from "./shell/App";
import { keepWhatWaits } from "./shell/keep";
import { reportAll } from "./shell/report";
import { guardTaps } from "./shell/taps";
import { keepUpdated } from "./shell/update";
import "./styles/index.css";

const root = document.getElementById("app");
if (root === null) throw new Error("the page has no #app");
reportAll();
keepWhatWaits();
guardTaps();
render(<App />, root);
start().then(keepUpdated);
