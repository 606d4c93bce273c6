// What `python -m bench.lighthouse` has Lighthouse do: its own audits, and one more that sees whether charts were drawn in the same page.
// Copied beside Lighthouse's node_modules before it is read, so that it finds them.
import {Audit, Gatherer, desktopConfig} from "lighthouse";

const COUNT = () =>
  [...document.querySelectorAll(".js-plotly-plot")].filter(
    (plot) => plot._fullData?.length && plot.querySelector(".trace, .hm, .slice")?.getBoundingClientRect().width
  ).length;

class ChartsDrawn extends Gatherer {
  meta = {supportedModes: ["navigation"]};

  async getArtifact({driver}) {
    return driver.executionContext.evaluate(COUNT, {args: []});
  }
}

class ChartsDrawnAudit extends Audit {
  static get meta() {
    return {
      id: "charts-drawn",
      title: "Charts were drawn",
      failureTitle: "No chart was drawn",
      description: "A page that failed to render is quick.",
      requiredArtifacts: ["ChartsDrawn"],
    };
  }

  static audit({ChartsDrawn: count}) {
    return {score: count > 0 ? 1 : 0, numericValue: count, numericUnit: "unitless"};
  }
}

export default {
  extends: "lighthouse:default",
  settings: {
    ...(process.env.BENCH_FORM === "desktop" ? desktopConfig.settings : {}),
    onlyCategories: ["performance", "accessibility", "best-practices", "seo", "charts"],
  },
  artifacts: [{id: "ChartsDrawn", gatherer: {instance: new ChartsDrawn()}}],
  audits: [{implementation: ChartsDrawnAudit}],
  categories: {charts: {title: "Charts", auditRefs: [{id: "charts-drawn", weight: 1}]}},
};
