// What Grafana's Prometheus data source does, as far as these dashboards need it: queries to data frames.
import { FieldType, createTheme, getDisplayProcessor } from '@grafana/data';

export const theme = createTheme({ colors: { mode: 'dark' } });

function plain(query, board, seconds) {
  const step = Math.max(5, Math.ceil(seconds / 300));
  const stands = { __rate_interval: `${Math.max(step + 5, 20)}s`, __interval: `${step}s`, __range: `${seconds}s` };
  for (const one of board.templating.list) {
    const value = one.current?.value?.[0];
    stands[one.name] = !value || value === '$__all' ? '.+' : value;
  }
  return query.replace(/\$(\w+)/g, (all, name) => stands[name] ?? all);
}

async function ask(base, path, parameters) {
  const answer = await fetch(`${base}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (body.status !== 'success') throw new Error(`${body.error}: ${parameters.query}`);
  return body.data.result;
}

function called(legend, metric) {
  if (legend === '__auto' || !legend) return Object.values(metric).join(' ') || 'value';
  return legend.replace(/{{(\w+)}}/g, (_, label) => metric[label] ?? '').trim().replace(/ +/g, ' ');
}

// Field configuration of the panel, with the overrides that fit the name.
function configured(panel, name) {
  const config = structuredClone(panel.fieldConfig.defaults);
  config.custom ??= {};
  for (const { matcher, properties } of panel.fieldConfig.overrides) {
    const pattern = matcher.id === 'byRegexp' && new RegExp(matcher.options.replace(/^\/|\/$/g, ''));
    if (pattern ? !pattern.test(name) : matcher.options !== name) continue;
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) config.custom[id.slice(7)] = value;
      else config[id] = value;
    }
  }
  return config;
}

function numbers(panel, name, values, index) {
  const config = { ...configured(panel, name), displayName: name };
  const field = { name, type: FieldType.number, config, values, state: { seriesIndex: index } };
  field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
  return field;
}

async function lines(panel, board, { base, end, seconds }) {
  const step = Math.max(5, Math.ceil(seconds / 300));
  const start = Math.floor((end - seconds) / step) * step;
  const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, k) => start + k * step);
  const frames = [];
  for (const target of panel.targets) {
    const query = plain(target.expr, board, seconds);
    for (const { metric, values } of await ask(base, 'query_range', { query, start, end, step })) {
      const at = new Map(values.map(([t, text]) => [Math.round(t), Number(text)]));
      const column = times.map((t) => (Number.isFinite(at.get(t)) ? at.get(t) : null));
      const time = { name: 'Time', type: FieldType.time, config: {}, values: times.map((t) => t * 1000) };
      const name = called(target.legendFormat, metric);
      frames.push({ length: times.length, fields: [time, numbers(panel, name, column, frames.length)] });
    }
  }
  return frames;
}

async function number(panel, board, { base, end, seconds }) {
  const [target] = panel.targets;
  const found = await ask(base, 'query', { query: plain(target.expr, board, seconds), time: end });
  return found.map(({ metric, value }, k) => numbers(panel, called(target.legendFormat, metric), [Number(value[1])], k));
}

// The transformations `merge` and `organize`: one row for each set of labels, one column for each query.
async function rows(panel, board, { base, end, seconds }) {
  const merged = new Map();
  for (const target of panel.targets) {
    for (const { metric, value } of await ask(base, 'query', { query: plain(target.expr, board, seconds), time: end })) {
      const key = JSON.stringify(metric);
      if (!merged.has(key)) merged.set(key, { ...metric });
      merged.get(key)[`Value #${target.refId}`] = Number(value[1]);
    }
  }
  const { indexByName, renameByName } = panel.transformations[1].options;
  const names = Object.keys(indexByName).sort((a, b) => indexByName[a] - indexByName[b]);
  const all = [...merged.values()].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  const fields = names.map((name, k) => {
    const values = all.map((row) => row[name] ?? null);
    if (name in renameByName) return numbers(panel, renameByName[name], values, k);
    const field = { name, type: FieldType.string, config: configured(panel, name), values };
    field.display = getDisplayProcessor({ field, theme });
    return field;
  });
  return { length: all.length, fields };
}

export const read = { timeseries: lines, stat: number, table: rows };
