/** The parts of ECharts that pages use, fetched when the first of them is shown. */
import { BoxplotChart, CustomChart, ParallelChart, ScatterChart } from "echarts/charts";
import { GridComponent, ParallelComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { type EChartsCoreOption, init, use as register } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

register([BoxplotChart, CustomChart, ScatterChart, ParallelChart, GridComponent, ParallelComponent, TooltipComponent, VisualMapComponent, CanvasRenderer, SVGRenderer]);

/** The same plot as a text that is an SVG file. */
export function svgOf(option: EChartsCoreOption, width: number, height: number): string {
  const plot = init(null, null, { renderer: "svg", ssr: true, width, height });
  plot.setOption(option);
  const text = plot.renderToSVGString();
  plot.dispose();
  return text;
}

export { init };
