import { embed } from "./embed";

const script = document.currentScript;
if (script instanceof HTMLScriptElement) embed(script);
