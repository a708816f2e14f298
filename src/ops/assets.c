// SPDX-License-Identifier: Apache-2.0
// The Makefile knows where the chart library is.
#include "ops/assets.h"

#include "base/embed.h"

#ifndef CHART_JS
#define CHART_JS "/usr/share/javascript/chart.js/chart.min.js"
#endif
#ifndef CHART_JS_LICENCE
#define CHART_JS_LICENCE "/usr/share/doc/libjs-chart.js/copyright"
#endif

EMBED(cw_page_html, "src/ops/page/page.html");
EMBED(cw_page_css, "src/ops/page/page.css");
EMBED(cw_page_js, "src/ops/page/page.js");
EMBED(cw_feed_js, "src/ops/page/feed.js");
EMBED(cw_charts_js, "src/ops/page/charts.js");
EMBED(cw_icon_svg, "src/ops/page/icon.svg");
EMBED(cw_chart_library, CHART_JS);
EMBED(cw_chart_licence, CHART_JS_LICENCE);

struct row {
    const char *path;
    const char *type;
    const uint8_t *start;
    const uint8_t *end;
};

static const char html[] = "text/html; charset=utf-8";
static const char css[] = "text/css; charset=utf-8";
static const char javascript[] = "text/javascript; charset=utf-8";
static const char svg[] = "image/svg+xml";
static const char plain[] = "text/plain; charset=utf-8";

static const struct row table[] = {
    {"/", html, cw_page_html_start, cw_page_html_end},
    {"/page.css", css, cw_page_css_start, cw_page_css_end},
    {"/page.js", javascript, cw_page_js_start, cw_page_js_end},
    {"/feed.js", javascript, cw_feed_js_start, cw_feed_js_end},
    {"/charts.js", javascript, cw_charts_js_start, cw_charts_js_end},
    {"/icon.svg", svg, cw_icon_svg_start, cw_icon_svg_end},
    {"/chart.min.js", javascript, cw_chart_library_start, cw_chart_library_end},
    {"/chart.min.js.txt", plain, cw_chart_licence_start, cw_chart_licence_end},
};

bool asset_find(const char *path, struct asset *out)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct row *row = &table[i];
        if (strcmp(row->path, path) != 0)
            continue;
        *out = (struct asset){row->path, row->type, embedded(row->start, row->end)};
        return true;
    }
    return false;
}
