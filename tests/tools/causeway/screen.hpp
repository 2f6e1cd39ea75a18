#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::tests {

/// What a terminal of the kind vt100 shows after what was written to it. It knows what ncurses and the command send to
/// one, and says what it does not know.
class screen {
public:
  screen(std::size_t columns, std::size_t rows) : columns_(columns), lines_(rows, std::string(columns, ' ')) {}

  void write(std::string_view bytes);
  void resize(std::size_t columns, std::size_t rows);

  std::size_t rows() const { return lines_.size(); }
  /// Without the spaces behind it.
  std::string line(std::size_t i) const;
  /// All lines, each with its end.
  std::string text() const;
  /// Sequences that were not understood.
  const std::vector<std::string>& unknown() const { return unknown_; }

private:
  void put(char c);
  void line_feed();
  void escape(std::string_view sequence);
  void control_sequence(const std::string& parameters, char final);
  void erase(std::size_t from_row, std::size_t from_column, std::size_t to_row, std::size_t to_column);

  std::size_t columns_, row_ = 0, column_ = 0;
  std::size_t top_ = 0, bottom_ = 0; ///< of what scrolls; bottom 0: the last line
  bool wraps_next_ = false;          ///< a letter stands in the last column
  std::vector<std::string> lines_;
  std::string pending_; ///< the beginning of a sequence
  std::vector<std::string> unknown_;
};

} // namespace causeway::tests
