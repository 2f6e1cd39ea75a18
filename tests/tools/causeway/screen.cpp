#include "tests/tools/causeway/screen.hpp"

#include <algorithm>

namespace causeway::tests {

namespace {

constexpr char esc = '\x1b';

/// The numbers between semicolons; what is left out is `otherwise`.
std::vector<std::size_t> numbers_of(const std::string& text, std::size_t otherwise) {
  std::vector<std::size_t> out{0};
  bool given = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      out.back() = out.back() * 10 + static_cast<std::size_t>(c - '0');
      given = true;
    } else if (c == ';') {
      if (!given) out.back() = otherwise;
      out.push_back(0);
      given = false;
    }
  }
  if (!given) out.back() = otherwise;
  return out;
}

/// Whether a sequence is complete: ESC [ ... letter, ESC ( x, ESC x.
bool is_complete(std::string_view x) {
  if (x.size() < 2) return false;
  if (x[1] == '[') return x.size() > 2 && x.back() >= 0x40 && x.back() <= 0x7e;
  if (x[1] == '(' || x[1] == ')' || x[1] == '#') return x.size() == 3;
  return true;
}

} // namespace

void screen::resize(std::size_t columns, std::size_t rows) {
  columns_ = columns;
  lines_.resize(rows);
  for (auto& x : lines_) x.resize(columns, ' ');
  bottom_ = top_ = 0;
  row_ = std::min(row_, rows - 1);
  column_ = std::min(column_, columns - 1);
}

std::string screen::line(std::size_t i) const {
  auto out = lines_.at(i);
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string screen::text() const {
  std::string out;
  for (std::size_t i = 0; i < lines_.size(); ++i) out += line(i) + "\n";
  return out;
}

void screen::line_feed() {
  const auto bottom = bottom_ == 0 ? lines_.size() - 1 : bottom_;
  if (row_ != bottom) {
    row_ = std::min(row_ + 1, lines_.size() - 1);
    return;
  }
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(top_));
  lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(bottom), std::string(columns_, ' '));
}

void screen::put(char c) {
  if (wraps_next_) {
    column_ = 0;
    line_feed();
  }
  lines_[row_][column_] = c;
  wraps_next_ = column_ + 1 == columns_;
  if (!wraps_next_) ++column_;
}

void screen::erase(std::size_t from_row, std::size_t from_column, std::size_t to_row, std::size_t to_column) {
  for (auto row = from_row; row <= to_row; ++row) {
    const auto begin = row == from_row ? from_column : 0;
    const auto end = row == to_row ? to_column : columns_ - 1;
    for (auto column = begin; column <= end; ++column) lines_[row][column] = ' ';
  }
}

void screen::control_sequence(const std::string& parameters, char final) {
  const auto last_row = lines_.size() - 1, last_column = columns_ - 1;
  const auto moved = numbers_of(parameters, 1);
  const auto chosen = numbers_of(parameters, 0)[0];
  if (final == 'm' || final == 'h' || final == 'l') return; // how it looks, and modes
  wraps_next_ = false;
  switch (final) {
  case 'H':
  case 'f':
    row_ = std::min(std::max<std::size_t>(moved[0], 1) - 1, last_row);
    column_ = std::min((moved.size() > 1 ? std::max<std::size_t>(moved[1], 1) : 1) - 1, last_column);
    return;
  case 'A': row_ -= std::min(row_, moved[0]); return;
  case 'B': row_ = std::min(row_ + moved[0], last_row); return;
  case 'C': column_ = std::min(column_ + moved[0], last_column); return;
  case 'D': column_ -= std::min(column_, moved[0]); return;
  case 'K':
    if (chosen == 0) return erase(row_, column_, row_, last_column);
    if (chosen == 1) return erase(row_, 0, row_, column_);
    return erase(row_, 0, row_, last_column);
  case 'J':
    if (chosen == 0) return erase(row_, column_, last_row, last_column);
    if (chosen == 1) return erase(0, 0, row_, column_);
    return erase(0, 0, last_row, last_column);
  case 'r':
    top_ = moved.size() > 1 ? moved[0] - 1 : 0;
    bottom_ = moved.size() > 1 ? std::min(moved[1] - 1, last_row) : 0;
    row_ = column_ = 0;
    return;
  default: unknown_.push_back("ESC [ " + parameters + final);
  }
}

void screen::escape(std::string_view x) {
  if (x[1] == '[') return control_sequence(std::string{x.substr(2, x.size() - 3)}, x.back());
  switch (x[1]) {
  case '(':
  case ')':
  case '=':
  case '>':
  case '7':
  case '8': return; // letters and keys of other kinds
  case 'M':
    if (row_ > top_) --row_;
    else {
      const auto bottom = bottom_ == 0 ? lines_.size() - 1 : bottom_;
      lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(bottom));
      lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(top_), std::string(columns_, ' '));
    }
    return;
  case 'D': return line_feed();
  default: unknown_.push_back("ESC " + std::string{x.substr(1)});
  }
}

void screen::write(std::string_view bytes) {
  for (const char c : bytes) {
    if (!pending_.empty()) {
      pending_ += c;
      if (!is_complete(pending_)) continue;
      escape(pending_);
      pending_.clear();
      continue;
    }
    switch (c) {
    case esc: pending_ = esc; break;
    case '\r':
      column_ = 0;
      wraps_next_ = false;
      break;
    case '\n':
      line_feed();
      wraps_next_ = false;
      break;
    case '\b':
      if (column_ > 0) --column_;
      wraps_next_ = false;
      break;
    case '\t': column_ = std::min((column_ / 8 + 1) * 8, columns_ - 1); break;
    case '\0': // padding
    case '\a':
    case '\x0e':
    case '\x0f': break;
    default:
      if (static_cast<unsigned char>(c) < 0x20) unknown_.push_back("control " + std::to_string(static_cast<int>(c)));
      else put(c);
    }
  }
}

} // namespace causeway::tests
