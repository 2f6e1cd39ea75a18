#pragma once
#include "tools/causeway/top/panes.hpp"
#include "tools/causeway/top/rates.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace causeway::tools::top {

/// A key of the keyboard; `letter` of a `character`.
enum class key : std::uint8_t {
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
  tab,
  back_tab,
  erase,
  character
};

/// What the model wants of who drives it.
enum class wish : std::uint8_t { nothing, ask_now, quit };

struct screen_line {
  enum class look : std::uint8_t { plain, bar, heading, selected, alert };
  std::string text;
  look as = look::plain;
};

/// What `causeway top` shows, and what keys do: answers and keys in, lines out. Knows no terminal and no broker; text
/// that others wrote leaves it without control characters.
class top_model {
public:
  top_model();

  wish press(key x, char letter = 0);

  /// What is to be asked for what is shown; an empty command: nothing.
  question asked() const;
  bool is_paused() const { return is_paused_; }

  /// The answer to a question; one to another question than the present is dropped.
  void take(const std::string& id, matrix::json::object body, std::int64_t now_ms);
  /// The answer to `status`.
  void take_status(const matrix::json::object& body);
  /// There was none, or a fault. What is shown stays. @param why  empty: all is well again
  void fail(std::string why) { trouble_ = std::move(why); }

  /// `rows` lines of at most `columns` columns.
  std::vector<screen_line> lines(std::size_t columns, std::size_t rows, std::int64_t now_ms) const;

private:
  /// How one pane is looked at.
  struct view {
    std::size_t sorted_by = 0;
    bool descending = false;
    std::string filter;
    std::string selected; ///< key_of its row; empty: the first
  };

  const pane& pane_now() const { return panes()[at_]; }
  std::string column_name(const pane_column& x) const;
  void arrange();
  std::size_t selected_index() const;
  void move(std::ptrdiff_t by);
  /// Asks at once where one comes near the end of the rows that were asked for.
  wish more_or_nothing() const;
  /// Whether `counts_` is about what is shown: a filter that compares a column is applied here.
  bool is_counted_by_broker() const;
  void show(std::size_t which);
  void open();
  wish press_letter(char letter);
  wish press_in_page(key x, char letter);
  void press_in_prompt(key x, char letter);

  screen_line title(std::size_t columns) const;
  screen_line tabs() const;
  screen_line summary() const;
  std::vector<std::size_t> widths(std::size_t columns) const;
  screen_line headings(const std::vector<std::size_t>& of) const;
  screen_line row(const matrix::json::value& x, const std::vector<std::size_t>& of, std::int64_t now_ms) const;
  screen_line bottom() const;
  void put_rows(std::vector<screen_line>& out, std::size_t columns, std::size_t rows, std::int64_t now_ms) const;
  void put_page(std::vector<screen_line>& out, std::size_t rows) const;

  std::vector<view> views_; ///< one for each pane
  std::size_t at_ = 0;
  matrix::json::array all_, rows_; ///< as answered; as shown
  std::int64_t total_ = 0, answered_ms_ = 0;
  matrix::json::object counts_;      ///< of `pane::counted`, over all that the broker has; empty: it was not told
  std::vector<std::string> columns_; ///< of the last rows there were
  actor_rates rates_;
  bool is_window_ = true; ///< rates over the window, not since each was made
  bool is_paused_ = false;
  bool is_help_ = false;
  std::optional<std::string> prompt_; ///< a filter that is being written
  std::optional<question> page_;      ///< all about one row is shown
  matrix::json::object page_body_;
  std::string page_text_;
  std::size_t page_from_ = 0;                           ///< its first line that is shown
  mutable std::size_t first_shown_ = 0, shown_max_ = 1; ///< of the last `lines`: keys that turn pages need it
  std::string trouble_, filter_fault_, status_ = "asking the broker", name_;
};

} // namespace causeway::tools::top
