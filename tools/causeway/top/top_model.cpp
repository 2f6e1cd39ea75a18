#include "tools/causeway/top/top_model.hpp"

#include "tools/causeway/list_view.hpp"

#include <algorithm>
#include <utility>

/// Keys and answers. What is drawn: top_lines.cpp.
namespace causeway::tools::top {

namespace {

namespace json = matrix::json;

/// Rows are asked for in such steps: the broker goes on with the same question while one scrolls a little.
constexpr std::size_t rows_step = 100;
/// A filter that compares a column is applied here, to the rows that stand first in that column.
constexpr std::size_t rows_compared = 1'000;
/// A broker refuses to be asked for more.
constexpr std::size_t rows_asked_max = 100'000;
constexpr std::size_t filter_letters_max = 200;

/// Neither a number nor a flag: a row that has it holds it as a text.
bool is_text(const std::string& value) {
  const bool is_flag = value == "yes" || value == "no" || value == "true" || value == "false";
  return !is_flag && value.find_first_not_of("0123456789-") != std::string::npos;
}

bool compares_a_column(const std::string& filter) { return filter.find_first_of("=<>~") != std::string::npos; }

/// As far as the broker can know which rows are meant: those that hold the text, or stand first in the column.
void narrow(const std::string& filter, const std::vector<std::string_view>& columns, admin::arguments& with) {
  const auto sign = filter.find_first_of("=<>~!");
  const auto column = find_column(std::string_view{filter}.substr(0, sign), columns);
  if (!column) return; // it is told below the rows
  const auto from = filter.find_first_not_of("=<>~!", sign);
  const auto value = from == std::string::npos ? std::string{} : filter.substr(from);
  // Of a time the filter compares how far away it is: the farthest of those that lie ahead is the greatest.
  const bool is_ahead = *column == "retry_at_ts" || *column == "deadline_ts";
  const bool is_far_first = (column->ends_with("_ts") && !is_ahead) == (filter[sign] == '<');
  if (filter[sign] == '>' || filter[sign] == '<') with.sort = std::string{*column} + (is_far_first ? ":desc" : "");
  if ((filter[sign] == '=' || filter[sign] == '~') && is_text(value)) with.filter = value;
}

} // namespace

top_model::top_model() {
  for (const auto& x : panes()) views_.push_back({x.sorted_by, x.descending, {}, {}});
}

question top_model::asked() const {
  if (page_ && !page_->command.empty()) return *page_;
  const auto& how = views_[at_];
  const auto& filter = how.filter;
  question out{std::string{pane_now().command} + "?" + filter, std::string{pane_now().command}, {}};
  // What one sees, and a screen more: the broker has a hundred thousand, and is asked once a second.
  const auto wanted = std::max(first_shown_, selected_index()) + 2 * shown_max_;
  out.with.limit =
    static_cast<std::uint32_t>(std::min((wanted + rows_step - 1) / rows_step * rows_step, rows_asked_max));
  out.with.sort = column_name(pane_now().columns[how.sorted_by]) + (how.descending ? ":desc" : "");
  if (!compares_a_column(filter)) {
    out.with.filter = filter;
    return out;
  }
  out.with.limit = static_cast<std::uint32_t>(std::max<std::size_t>(out.with.limit, rows_compared));
  narrow(filter, {columns_.begin(), columns_.end()}, out.with);
  return out;
}

void top_model::take(const std::string& id, json::object body, std::int64_t now_ms) {
  if (id != asked().id) return; // somebody has looked elsewhere meanwhile
  trouble_.clear();
  answered_ms_ = now_ms;
  if (page_ && !page_->command.empty()) {
    page_body_ = std::move(body);
    page_text_ = page_text(*page_, page_body_, now_ms);
    return;
  }
  const auto* total = body.find("total");
  auto* found = body.find(pane_now().member);
  auto* list = found ? found->as_array() : nullptr;
  all_ = list ? std::move(*list) : json::array{};
  total_ = total && total->as_integer() ? *total->as_integer() : static_cast<std::int64_t>(all_.size());
  const auto* counts = body.find("counts");
  counts_ = counts && counts->as_object() ? *counts->as_object() : json::object{};
  if (pane_now().command == "actors") rates_.add_to(all_, now_ms);
  if (const auto* first = all_.empty() ? nullptr : all_[0].as_object()) {
    columns_.clear();
    for (const auto& x : *first) columns_.push_back(x.key);
  }
  arrange();
  if (!page_) return;
  for (const auto& x : all_) // the row itself is all there is: it is shown anew
    if (key_of(pane_now(), x) == views_[at_].selected && x.as_object())
      page_text_ = page_text(*page_, *x.as_object(), now_ms);
}

std::string top_model::column_name(const pane_column& x) const {
  const bool is_rate = x.name == "rate_milli" || x.name == "handling_ns";
  return (is_rate && !is_window_ ? "whole_" : "") + std::string{x.name};
}

void top_model::arrange() {
  const auto& how = views_[at_];
  const auto sorted_by = column_name(pane_now().columns[how.sorted_by]);
  std::vector<std::string_view> columns{sorted_by};
  columns.insert(columns.end(), columns_.begin(), columns_.end());
  selection wanted;
  if (!how.filter.empty()) wanted.filters = {how.filter};
  auto order = arrangement::understand(wanted, columns, answered_ms_);
  filter_fault_ = order ? "" : order.error().detail;
  if (!order) wanted.filters.clear();
  wanted.sort = sorted_by + (how.descending ? ":desc" : "");
  order = arrangement::understand(wanted, columns, answered_ms_);
  rows_ = all_;
  if (order) order->apply(rows_);
}

std::size_t top_model::selected_index() const {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (key_of(pane_now(), rows_[i]) == views_[at_].selected) return i;
  return 0;
}

void top_model::move(std::ptrdiff_t by) {
  if (rows_.empty()) return;
  const auto last = static_cast<std::ptrdiff_t>(rows_.size()) - 1;
  const auto to = std::clamp(static_cast<std::ptrdiff_t>(selected_index()) + by, std::ptrdiff_t{0}, last);
  views_[at_].selected = key_of(pane_now(), rows_[static_cast<std::size_t>(to)]);
}

void top_model::show(std::size_t which) {
  at_ = which % panes().size();
  all_.clear();
  rows_.clear();
  columns_.clear();
  counts_ = {};
  total_ = 0;
  first_shown_ = 0;
  trouble_.clear();
  filter_fault_.clear();
  rates_ = {};
}

void top_model::open() {
  if (rows_.empty()) return;
  const auto& x = rows_[selected_index()];
  views_[at_].selected = key_of(pane_now(), x);
  page_ = page_question(pane_now(), x);
  page_from_ = 0;
  page_text_ =
    page_->command.empty() && x.as_object() ? page_text(*page_, *x.as_object(), answered_ms_) : "asking the broker";
}

wish top_model::press_letter(char letter) {
  auto& how = views_[at_];
  const auto columns = pane_now().columns.size();
  switch (letter) {
  case 'q': return wish::quit;
  case 'h':
  case '?': is_help_ = true; return wish::nothing;
  case 'p':
  case ' ': is_paused_ = !is_paused_; return is_paused_ ? wish::nothing : wish::ask_now;
  case 'w': is_window_ = !is_window_; break;
  case 's':
  case '>': how.sorted_by = (how.sorted_by + 1) % columns; break;
  case 'S':
  case '<': how.sorted_by = (how.sorted_by + columns - 1) % columns; break;
  case 'r': how.descending = !how.descending; break;
  case '/': prompt_ = how.filter; return wish::nothing;
  case 'j': move(1); return more_or_nothing();
  case 'k': move(-1); return wish::nothing;
  default:
    if (letter < '1' || letter > '9' || static_cast<std::size_t>(letter - '1') >= panes().size()) return wish::nothing;
    show(static_cast<std::size_t>(letter - '1'));
    return wish::ask_now;
  }
  arrange();
  return wish::ask_now; // others may stand first
}

bool top_model::is_counted_by_broker() const { return !counts_.empty() && !compares_a_column(views_[at_].filter); }

wish top_model::more_or_nothing() const {
  const bool is_near_end = selected_index() + shown_max_ >= rows_.size();
  return is_near_end && std::cmp_less(all_.size(), total_) ? wish::ask_now : wish::nothing;
}

void top_model::press_in_prompt(key x, char letter) {
  if (x == key::character && prompt_->size() < filter_letters_max) prompt_->push_back(letter);
  // A letter of UTF-8 as a whole.
  if (x == key::erase)
    while (!prompt_->empty()) {
      const auto last = static_cast<unsigned char>(prompt_->back());
      prompt_->pop_back();
      if ((last & 0xc0U) != 0x80U) break;
    }
  if (x == key::enter) {
    views_[at_].filter = *prompt_;
    prompt_.reset();
    arrange();
  }
  if (x == key::escape) prompt_.reset();
}

wish top_model::press_in_page(key x, char letter) {
  const auto lines = static_cast<std::size_t>(std::count(page_text_.begin(), page_text_.end(), '\n'));
  const auto last = lines > shown_max_ ? lines - shown_max_ : 0;
  const auto to = [&](std::size_t line) { page_from_ = std::min(line, last); };
  if (x == key::escape || x == key::enter || (x == key::character && letter == 'q')) {
    page_.reset();
    return wish::ask_now;
  }
  if (x == key::down || (x == key::character && letter == 'j')) to(page_from_ + 1);
  if (x == key::up || (x == key::character && letter == 'k')) to(page_from_ > 0 ? page_from_ - 1 : 0);
  if (x == key::page_down || (x == key::character && letter == ' ')) to(page_from_ + shown_max_);
  if (x == key::page_up) to(page_from_ > shown_max_ ? page_from_ - shown_max_ : 0);
  if (x == key::home) to(0);
  if (x == key::end) to(last);
  return wish::nothing;
}

wish top_model::press(key x, char letter) {
  if (is_help_) {
    is_help_ = false;
    return wish::nothing;
  }
  if (prompt_) {
    press_in_prompt(x, letter);
    return prompt_ ? wish::nothing : wish::ask_now;
  }
  if (page_) return press_in_page(x, letter);
  const auto page_rows = static_cast<std::ptrdiff_t>(shown_max_);
  switch (x) {
  case key::up: move(-1); break;
  case key::down: move(1); break;
  case key::page_up: move(-page_rows); break;
  case key::page_down: move(page_rows); break;
  case key::home: move(-static_cast<std::ptrdiff_t>(rows_.size())); break;
  case key::end: move(static_cast<std::ptrdiff_t>(rows_.size())); break;
  case key::enter: open(); return page_ && !page_->command.empty() ? wish::ask_now : wish::nothing;
  case key::tab: show(at_ + 1); return wish::ask_now;
  case key::back_tab: show(at_ + panes().size() - 1); return wish::ask_now;
  case key::character: return press_letter(letter);
  default: break;
  }
  return more_or_nothing();
}

} // namespace causeway::tools::top
