#pragma once
#include "plugin/database.hpp"
#include "plugin/store/codec.hpp"

#include <cstdint>
#include <forward_list>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// The columns of a table, each named once, beside the member it holds. A list of columns is a struct
///
///   struct user_columns {
///     using row = put_user;
///     static void columns(auto& f, auto& x) {
///       f.text("chat_name", x.chat_name);
///       f.number("attempts", x.attempts);
///     }
///   };
///
/// From it come the names in a statement, the values that are bound and those that are read, so nobody counts
/// positions. What finds a row (its keys) stands before the list and is given apart.
///
/// How a column is kept: `text` and `bytes` as they are, `number` as an integer (of an enum or bool its number), `list`
/// as a msgpack array of texts, which is the one encoding of lists. A document of an actor (JSON) is `text`: only that
/// actor knows what is in it. `derived` is what follows from the others and is there for an index: it is written and
/// not read. Of `word` the member is an enum with a `name`, read by `find`; of `optional_word` perhaps none, which is
/// an empty text.
namespace causeway::store::sql {

/// Gathers the names.
class column_names {
public:
  void text(const char* name, const auto&) { all.emplace_back(name); }
  void bytes(const char* name, const auto&) { all.emplace_back(name); }
  void number(const char* name, const auto&) { all.emplace_back(name); }
  void list(const char* name, const auto&) { all.emplace_back(name); }
  void word(const char* name, const auto&, auto) { all.emplace_back(name); }
  void optional_word(const char* name, const auto&, auto) { all.emplace_back(name); }
  void derived(const char* name, const auto&) { all.emplace_back(name); }

  std::vector<std::string_view> all;
};

template <class List>
std::vector<std::string_view> names_of() {
  column_names f;
  const typename List::row x{};
  List::columns(f, x);
  return std::move(f.all);
}

/// "a, b, c", for a SELECT.
/// @param of  what stands before each name, e.g. "e."
template <class List>
std::string select_list(std::string_view of = "") {
  std::string out;
  for (const auto name : names_of<List>()) out.append(out.empty() ? "" : ", ").append(of).append(name);
  return out;
}

/// "a = ?3, b = ?4", for an UPDATE.
template <class List>
std::string assignments(int first) {
  std::string out;
  for (const auto name : names_of<List>())
    out.append(out.empty() ? "" : ", ").append(name).append(" = ?").append(std::to_string(first++));
  return out;
}

/// "INSERT INTO table(keys.., columns..) VALUES(?1, ..)".
template <class List>
std::string insert_into(std::string_view table, std::initializer_list<std::string_view> keys) {
  std::string names, marks;
  int number = 0;
  const auto add = [&](std::string_view name) {
    ++number;
    names.append(number == 1 ? "" : ", ").append(name);
    marks.append(number == 1 ? "?" : ", ?").append(std::to_string(number));
  };
  for (const auto key : keys) add(key);
  for (const auto name : names_of<List>()) add(name);
  return std::string{"INSERT INTO "}.append(table).append("(").append(names).append(") VALUES(") + marks + ")";
}

/// The same, and a row that has these keys already gets the new values.
template <class List>
std::string insert_or_update(std::string_view table, std::initializer_list<std::string_view> keys) {
  std::string of;
  for (const auto key : keys) of.append(of.empty() ? "" : ", ").append(key);
  return insert_into<List>(table, keys) + " ON CONFLICT(" + of + ") DO UPDATE SET " +
         assignments<List>(static_cast<int>(keys.size()) + 1);
}

/// Binds the values of a row from ?first on. Has to live until the statement has run: it keeps what it encoded.
class column_values {
public:
  column_values(statement& to, int first) : to_(to), next_(first) {}
  column_values(column_values&&) = delete;

  void text(const char*, std::string_view x) { to_.bind(next_++, x); }
  void bytes(const char*, std::string_view x) { to_.bind(next_++, blob{x}); }
  void number(const char*, auto x) { to_.bind(next_++, static_cast<std::int64_t>(x)); }
  void list(const char* name, const std::vector<std::string>& x) {
    encoded_.push_front(encode_strings(x));
    bytes(name, encoded_.front());
  }
  void word(const char*, auto x, auto) { to_.bind(next_++, std::string_view{name(x)}); }
  void optional_word(const char*, auto x, auto) { to_.bind(next_++, x ? std::string_view{name(*x)} : ""); }
  void derived(const char* name, auto x) { number(name, x); }

private:
  statement& to_;
  int next_;
  std::forward_list<std::string> encoded_;
};

/// Reads the values of a row from column `first` on.
class column_reader {
public:
  column_reader(const cursor& from, int first) : from_(from), next_(first) {}

  void text(const char*, std::string& x) { x = from_.string(next_++); }
  /// Valid until the cursor moves.
  void text(const char*, std::string_view& x) { x = from_.text(next_++); }
  void bytes(const char* name, auto& x) { text(name, x); }
  template <class Number>
  void number(const char*, Number& x) {
    if constexpr (std::is_same_v<Number, bool>) x = from_.integer(next_++) != 0;
    else x = static_cast<Number>(from_.integer(next_++));
  }
  /// @throws error  the column is no such list
  void list(const char*, std::vector<std::string>& x) {
    auto all = decode_strings(from_.text(next_++));
    if (!all) throw error{failure::damage, all.error().detail};
    x = *std::move(all);
  }
  /// @throws error  there is no such word
  template <class Enum>
  void word(const char* column, Enum& x, std::optional<Enum> (*find)(std::string_view)) {
    const auto stored = from_.text(next_++);
    const auto known = find(stored);
    if (!known)
      throw error{failure::damage, std::string{column} + " has the unknown word \"" + std::string{stored} + '"'};
    x = *known;
  }
  /// @throws error  likewise
  template <class Enum>
  void optional_word(const char* column, std::optional<Enum>& x, std::optional<Enum> (*find)(std::string_view)) {
    x.reset();
    if (from_.text(next_).empty()) ++next_;
    else word(column, x.emplace(), find);
  }
  void derived(const char*, const auto&) { ++next_; }
  int next() const { return next_; }

private:
  const cursor& from_;
  int next_;
};

/// Runs a statement with `keys` as ?1, ?2, ... and the columns of `x` behind them. @throws error
template <class List, class... Keys>
void write_row(statement& to, const typename List::row& x, const Keys&... keys) {
  int index = 0;
  (to.bind(++index, keys), ...);
  column_values values{to, index + 1};
  List::columns(values, x);
  to.run();
}

/// Reads the columns of the list into `x`, the first of them from column `first` on. @returns the column behind them
template <class List>
int read_row(const cursor& from, int first, typename List::row& x) {
  column_reader reader{from, first};
  List::columns(reader, x);
  return reader.next();
}
template <class List>
typename List::row read_row(const cursor& from, int first = 0) {
  typename List::row x;
  read_row<List>(from, first, x);
  return x;
}

} // namespace causeway::store::sql
