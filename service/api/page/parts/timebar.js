// Pause, and scroll back over the last 15 minutes: a button, a slider, and the way back to now.

import { REACH } from "../core/clock.js";
import { MINUS, duration, instant, minutes, timeOfDay } from "../core/format.js";
import { element, write } from "../core/paint.js";

const STEP = 10_000; // ms that a key moves

/** `{element, keys, close}` */
export function timebar(clock) {
  const play = element("button", { type: "button", class: "play" });
  const slider = element("input", { type: "range", min: -REACH / 1000, max: 0, step: 1, value: 0, "aria-label": "Moment that is shown" });
  const live = element("button", { type: "button", class: "live" }, "Live");
  const said = element("output", { class: "moment" });
  const box = element("div", { class: "timebar", role: "group", "aria-label": "Time" }, play, slider, said, live);

  const toggle = () => (clock.playing ? clock.pause() : clock.resume());
  const move = (by) => clock.seek((clock.at ?? clock.now()) + by);
  play.onclick = toggle;
  live.onclick = () => clock.goLive();
  slider.oninput = () => clock.seek(clock.now() + Number(slider.value) * 1000);

  function paint() {
    const behind = clock.live ? 0 : Math.max(0, clock.now() - clock.at) / 1000;
    box.dataset.live = clock.live;
    const word = clock.playing ? "Pause" : "Play";
    if (play.getAttribute("aria-label") !== word) {
      play.setAttribute("aria-label", word);
      play.dataset.does = word.toLowerCase();
      play.title = `${word} (space)`;
    }
    live.setAttribute("aria-pressed", clock.live);
    write(live, clock.replayed ? "Newest" : "Live");
    if (document.activeElement !== slider || clock.playing) slider.value = -Math.round(behind);
    const moment = clock.replayed ? instant(clock.at ?? clock.now()) : timeOfDay(clock.at ?? clock.now());
    const text = clock.live ? moment : `${moment} (${MINUS}${minutes(behind)})`;
    if (write(said, clock.known ? text : "")) slider.setAttribute("aria-valuetext", clock.live ? "now" : `${duration(behind)} ago`);
  }

  const timer = setInterval(paint, 500);
  const watching = clock.watch(paint);
  paint();
  return {
    element: box,
    keys: [
      { key: " ", does: "Pause, or go on", run: toggle },
      { key: "[", does: "Ten seconds back", run: () => move(-STEP) },
      { key: "]", does: "Ten seconds on", run: () => move(STEP) },
      { key: "{", does: "A minute back", run: () => move(-6 * STEP) },
      { key: "}", does: "A minute on", run: () => move(6 * STEP) },
      { key: "l", does: "Back to now", run: () => clock.goLive() },
    ],
    close: () => { clearInterval(timer); watching.close(); },
  };
}
