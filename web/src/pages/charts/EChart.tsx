import type { ECharts, EChartsCoreOption } from "echarts/core";
import { Download, FileCode, Image } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { download, saveAddress, toCsv } from "../../lib/csv";
import { IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { init, svgOf } from "./echarts";

interface Props {
  option: (style: CSSStyleDeclaration) => EChartsCoreOption;
  label: string;
  /** What a file of the plot is called, and its numbers with their heads. */
  file: { name: string; rows: () => string[][] };
  onPick?: (index: number, series: number) => void;
}

/** A plot of ECharts, as large as there is room. */
export function EChart({ option, label, file, onPick }: Props) {
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
  const background = () => getComputedStyle(document.documentElement).getPropertyValue("--bg").trim();
  const savePng = () => {
    const address = chart.current?.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: background() });
    if (address) saveAddress(`${file.name}.png`, address);
  };
  const saveSvg = () => {
    const { clientWidth = 900, clientHeight = 600 } = box.current ?? {};
    const style = getComputedStyle(document.documentElement);
    download(`${file.name}.svg`, "image/svg+xml", svgOf({ ...option(style), backgroundColor: background() }, clientWidth, clientHeight));
  };
  return (
    <div className="plot-box">
      <div ref={box} className="plot" role="img" aria-label={label} />
      <div className="plot-menu">
        <Menu
          trigger={
            <IconButton label="Save this plot" small>
              <Download />
            </IconButton>
          }
          items={[
            { label: "Save as CSV", icon: <Download />, onSelect: () => download(`${file.name}.csv`, "text/csv", toCsv(file.rows())) },
            { label: "Save as PNG", icon: <Image />, onSelect: savePng },
            { label: "Save as SVG", icon: <FileCode />, onSelect: saveSvg },
          ]}
        />
      </div>
    </div>
  );
}
