// Draws one dashboard: ?board=steelyard-overview&prometheus=http://127.0.0.1:9090[&seconds=180][&open=1][&end=…]
import { ThemeContext, EventBusSrv, dateTime } from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, PanelContextProvider, Table, TimeSeries } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { read, theme } from './data.js';

const asked = new URLSearchParams(location.search);
const board = await (await fetch(`dashboards/${asked.get('board')}.json`)).json();
const end = Number(asked.get('end')) || Math.floor(Date.now() / 1000) - 2;
const seconds = Number(asked.get('seconds')) || 180;
const source = { base: asked.get('prometheus'), end, seconds };
const [WIDTH, CELL, GAP] = [1600, 30, 8];
const range = { from: dateTime((end - seconds) * 1000), to: dateTime(end * 1000) };
const context = { eventBus: new EventBusSrv(), eventsScope: 'preview', sync: () => 0 };
let waiting = 0;

function Inside({ panel, data, width, height }) {
  if (panel.type === 'timeseries') {
    if (!data.length) return <div style={{ textAlign: 'center', paddingTop: height / 2 - 10 }}>No data</div>;
    const { legend } = panel.options;
    return <TimeSeries frames={data} width={width} height={height} legend={legend} timeRange={{ ...range, raw: range }}
      timeZone="utc" structureRev={1} options={{}} />;
  }
  if (panel.type === 'table') return <Table data={data} width={width} height={height} />;
  const { colorMode, graphMode, textMode } = panel.options;
  const [field] = data;
  const value = field ? field.display(field.values[0]) : { text: panel.fieldConfig.defaults.noValue, numeric: NaN };
  if (field && textMode === 'name') Object.assign(value, { text: field.name, prefix: '', suffix: '' });
  return <BigValue value={value} width={width} height={height} theme={theme} colorMode={colorMode}
    graphMode={graphMode} textMode="value" justifyMode="auto" />;
}

function Panel({ panel, top }) {
  const [state, set] = useState({});
  useEffect(() => {
    waiting += 1;
    read[panel.type](panel, board, source)
      .then((data) => set({ data }), (error) => set({ error: String(error) }))
      .finally(() => { waiting -= 1; });
  }, []);
  const { x, y, w, h } = panel.gridPos;
  const cell = WIDTH / 24;
  const box = { position: 'absolute', left: x * cell + GAP / 2, top: y * (CELL + GAP) - top };
  return <div style={box}>
    <PanelChrome title={panel.title} description={panel.description} width={w * cell - GAP} height={h * (CELL + GAP) - GAP}
      statusMessage={state.error}>
      {(width, height) => state.data && <Inside panel={panel} data={state.data} width={width} height={height} />}
    </PanelChrome>
  </div>;
}

function Dashboard() {
  const wanted = asked.get('row');
  const shown = board.panels.filter((one) => one.type !== 'row' || asked.get('open') || one.title === wanted);
  const all = wanted
    ? shown.filter((one) => one.title === wanted)
    : shown.filter((one) => one.type !== 'row' || one.panels.length || one.title === 'Now');
  const panels = all.flatMap((one) => (one.type === 'row' ? [one, ...one.panels] : [one]));
  const rest = wanted || asked.get('open') ? [] : board.panels.filter((one) => one.type === 'row' && one.panels.length);
  const top = panels[0].gridPos.y * (CELL + GAP) - 44;
  const low = Math.max(...panels.map(({ gridPos }) => (gridPos.y + gridPos.h) * (CELL + GAP))) - top;
  const heading = { position: 'absolute', left: 8, color: '#ccccdc', font: '500 16px Inter, sans-serif' };
  return <div style={{ height: low + rest.length * 34 + 12, width: WIDTH }}>
    <div style={{ ...heading, top: 12, fontSize: 18 }}>{board.title}</div>
    {panels.map((one) => one.type === 'row'
      ? <div key={one.id} style={{ ...heading, top: one.gridPos.y * (CELL + GAP) - top + 10 }}>⌄ {one.title}</div>
      : <Panel key={one.id} panel={one} top={top} />)}
    {rest.map((row, k) => <div key={row.id} style={{ ...heading, top: low + k * 34 + 8 }}>› {row.title} <span
      style={{ opacity: 0.5, fontSize: 13 }}>({row.panels.length} panels)</span></div>)}
  </div>;
}

window.settled = () => waiting === 0;
createRoot(document.getElementById('root')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles hackNoBackdropBlur isExtensionSidebarOpen={false} />
    <PanelContextProvider value={context}><Dashboard /></PanelContextProvider>
  </ThemeContext.Provider>,
);
