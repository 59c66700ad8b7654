import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import { init } from "./echarts";

interface Props {
  option: (style: CSSStyleDeclaration) => EChartsCoreOption;
  label: string;
  onPick?: (index: number, series: number) => void;
}

/** A plot of ECharts, as large as there is room. */
export function EChart({ option, label, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const [theme, setTheme] = useState(0);
  const pick = useRef(onPick);
  useEffect(() => {
    pick.current = onPick;
  });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const created = init(element);
    chart.current = created;
    created.on("click", (event) => typeof event.dataIndex === "number" && pick.current?.(event.dataIndex, event.seriesIndex ?? 0));
    const observer = new ResizeObserver(() => created.resize());
    observer.observe(element);
    const repaint = () => setTheme((count) => count + 1);
    addEventListener("oxflow:theme", repaint);
    return () => {
      observer.disconnect();
      removeEventListener("oxflow:theme", repaint);
      created.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(option(getComputedStyle(document.documentElement)), true);
  }, [option, theme]);
  return <div ref={box} className="plot" role="img" aria-label={label} />;
}
