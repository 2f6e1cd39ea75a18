#include "tools/causeway/terminal.hpp"
#include "tools/causeway/top/top_model.hpp"

#include <algorithm>
#include <map>
#include <string_view>

/// What the model draws.
namespace causeway::tools::top {

namespace {

namespace json = matrix::json;
using look = screen_line::look;

constexpr std::size_t lines_around = 5; ///< title, tabs, summary, headings, keys

constexpr std::string_view keys_of_list = "q quit  h help  Enter open  / filter  s sort  r reverse  w window  p pause";
constexpr std::string_view keys_of_page = "Esc back  up and down scroll";

constexpr std::array<std::string_view, 16> help = {
  "1 to 5, Tab       actors, servers, invitations, peers, nodes",
  "up, down, PgUp, PgDn, Home, End",
  "Enter             all about the row",
  "s, S              sort by the next column, by the one before",
  "r                 the other way round",
  "/                 filter: a text, or COLUMN=TEXT, COLUMN>N; empty: all",
  "w                 rates over the last seconds, or since each was made",
  "p                 pause, and go on",
  "q, Ctrl-C         quit",
  "",
  "AGE       how long the oldest message that waits for an actor may have waited",
  "RATE/S    messages it handles in a second",
  "TIME      how long it takes for one",
  "LAG       notifications that a chat server has still to acknowledge",
  "NEXT TRY  when the next attempt to reach the server is made",
  "LEASE     how long a node counts as alive without a word; below nothing: since when not",
};

} // namespace

void top_model::take_status(const json::object& body) {
  name_ = printable(text_of(body, "server_name") + " " + text_of(body, "version"));
  const auto* found = body.find("alarms");
  const auto* alarms = found ? found->as_array() : nullptr;
  status_ = "all is well";
  if (!alarms || alarms->empty()) return;
  status_ = "ALARM";
  for (const auto& x : *alarms)
    if (const auto* name = x.find_string("name")) status_ += " " + printable(*name);
  status_ += " (causeway status)";
}

screen_line top_model::title(std::size_t columns) const {
  auto left = " causeway top  " + name_ + "  " + status_;
  const std::string right = is_paused_ ? "paused " : "";
  const auto room = columns > right.size() ? columns - right.size() : 0;
  return {padded(clipped(left, room), room, false) + right, look::bar};
}

screen_line top_model::tabs() const {
  std::string out;
  for (std::size_t i = 0; i < panes().size(); ++i) {
    const auto name = std::to_string(i + 1) + " " + std::string{panes()[i].title};
    out += i == at_ ? "[" + name + "] " : " " + name + "  ";
  }
  if (!views_[at_].filter.empty()) out += "  filter: " + printable(views_[at_].filter);
  return {out};
}

screen_line top_model::summary() const {
  std::string out = std::to_string(rows_.size()) + " of " + std::to_string(total_);
  if (!pane_now().counted.empty()) {
    std::map<std::string, std::size_t> counts;
    if (is_counted_by_broker())
      for (const auto& x : counts_) {
        const auto* count = x.mapped.as_integer();
        counts[printable(x.key)] = count ? static_cast<std::size_t>(*count) : 0;
      }
    else
      for (const auto& x : rows_)
        if (const auto* value = x.find_string(pane_now().counted)) ++counts[printable(*value)];
    for (const auto& [value, count] : counts) out += ", " + std::to_string(count) + " " + value;
  }
  if (pane_now().command != "actors") return {out};
  const auto window = rates_.window_ms() / 1'000;
  if (!is_window_) return {out + "; rates since each was made"};
  return {out + (window > 0 ? "; rates over " + std::to_string(window) + " s" : "; rates are measured")};
}

std::vector<std::size_t> top_model::widths(std::size_t columns) const {
  std::vector<std::size_t> out;
  std::size_t taken = pane_now().columns.size() - 1; // spaces between them
  std::size_t open = 0;
  for (const auto& x : pane_now().columns) {
    taken += x.width;
    if (x.width == 0) ++open;
  }
  const auto rest = columns > taken ? columns - taken : 0;
  for (const auto& x : pane_now().columns) out.push_back(x.width > 0 ? x.width : rest / std::max<std::size_t>(open, 1));
  return out;
}

screen_line top_model::headings(const std::vector<std::size_t>& of) const {
  std::string out;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const auto& x = pane_now().columns[i];
    auto text = std::string{x.heading};
    if (i == views_[at_].sorted_by) text += views_[at_].descending ? "v" : "^";
    out += (i > 0 ? " " : "") + padded(clipped(text, of[i]), of[i], x.right);
  }
  return {out, look::heading};
}

screen_line top_model::row(const json::value& x, const std::vector<std::size_t>& of, std::int64_t now_ms) const {
  std::string out;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const auto& column = pane_now().columns[i];
    const auto text = pane_cell(column_name(column), x, now_ms);
    out += (i > 0 ? " " : "") + padded(clipped(text, of[i]), of[i], column.right);
  }
  return {out};
}

screen_line top_model::bottom() const {
  if (prompt_) return {"filter: " + printable(*prompt_) + "_", look::bar};
  if (!trouble_.empty()) return {printable(trouble_), look::alert};
  if (!filter_fault_.empty()) return {"filter: " + printable(filter_fault_), look::alert};
  return {std::string{page_ ? keys_of_page : is_help_ ? "any key: back" : keys_of_list}, look::bar};
}

void top_model::put_rows(std::vector<screen_line>& out, std::size_t columns, std::size_t rows,
                         std::int64_t now_ms) const {
  const auto of = widths(columns);
  out.push_back(headings(of));
  const auto selected = selected_index();
  // The selected row is moved into what is shown, and no further than it has to.
  if (selected < first_shown_) first_shown_ = selected;
  if (selected >= first_shown_ + rows) first_shown_ = selected - rows + 1;
  if (first_shown_ + rows > rows_.size()) first_shown_ = rows_.size() > rows ? rows_.size() - rows : 0;
  for (auto i = first_shown_; i < rows_.size() && i < first_shown_ + rows; ++i) {
    out.push_back(row(rows_[i], of, now_ms));
    if (i == selected) out.back().as = look::selected;
  }
}

void top_model::put_page(std::vector<screen_line>& out, std::size_t rows) const {
  std::string_view rest = page_text_;
  for (std::size_t line = 0; !rest.empty() && line < page_from_ + rows; ++line) {
    const auto end = rest.find('\n');
    if (line >= page_from_) out.push_back({std::string{rest.substr(0, end)}});
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

std::vector<screen_line> top_model::lines(std::size_t columns, std::size_t rows, std::int64_t now_ms) const {
  std::vector<screen_line> out{title(columns)};
  if (is_help_ || page_) {
    shown_max_ = rows > 2 ? rows - 2 : 1;
    if (!is_help_) put_page(out, shown_max_);
    else
      for (const auto text : help) out.push_back({" " + std::string{text}});
  } else {
    shown_max_ = rows > lines_around ? rows - lines_around : 1;
    out.push_back(tabs());
    out.push_back(summary());
    put_rows(out, columns, shown_max_, now_ms);
  }
  out.resize(rows > 1 ? rows - 1 : 1);
  if (rows > 1) out.push_back(bottom());
  for (auto& x : out) {
    x.text = clipped(x.text, columns);
    if (x.as == look::bar || x.as == look::selected) x.text = padded(x.text, columns, false);
  }
  return out;
}

} // namespace causeway::tools::top
