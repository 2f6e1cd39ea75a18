#pragma once
#include "actors/context.hpp"
#include "messages/fault.hpp"
#include "messages/store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace causeway::directory {

/// Whom a name of a command means.
struct named_user {
  std::string user_id;
  std::string own_id; ///< the chat server's id; empty: it said the Matrix id, or they are another server's
  bool is_local = false;
  bool exists = false; ///< a local one whom the chat server has made known; others are not ours to know
};

/// Our users: the chat server's ids of them and their Matrix ids, one to one, whatever the way an id came about. What
/// was given once stays. A user exists when the chat server has said so or lets them act; being named makes nobody.
/// Pure; rows for the store are returned.
/// Contract: messages/chat/CONTRACT.md, "Users".
class user_names {
public:
  explicit user_names(const context& node) : node_(node) {}

  /// Rows of the store. Ids mapped in the way of former versions (without case) stay what they are.
  void load(const std::vector<store::put_user>& rows);

  /// @returns faults invalid_identifier (what is wrong and what to write instead), already_exists: the Matrix id the
  /// name leads to is another user's
  result<named_user> resolve(const std::string& named) const;
  /// The same with a localpart of the chat server's choice, for user.profile.
  /// @returns also conflict: they have another Matrix id already
  result<named_user> choose(const std::string& named, const std::string& localpart) const;
  /// From now on they exist, under both of their names. @returns the row to write; nothing when all of it was known
  std::optional<store::put_user> make(const named_user& who);

  const store::put_user* find(const std::string& user_id) const;
  /// The same, but nobody who is deactivated.
  const store::put_user* find_active(const std::string& user_id) const;
  bool contains(const std::string& user_id) const { return find(user_id) != nullptr; }
  /// Sets what `how` does. @returns the row to write @pre they exist
  template <class Change>
  store::put_user change(const std::string& user_id, Change how) {
    auto& row = users_.at(user_id);
    how(row);
    return row;
  }
  std::size_t size() const { return users_.size(); }

private:
  std::string id_of(std::string_view localpart) const;
  result<named_user> by_matrix_id(const std::string& named) const;
  /// @pre `own_id` leads to `user_id`, by rule or by choice
  result<named_user> as(const std::string& own_id, std::string user_id) const;

  const context& node_;
  std::unordered_map<std::string, store::put_user> users_; ///< by Matrix id
  std::unordered_map<std::string, std::string> user_by_own_id_;
};

/// Why `text` cannot be the chat server's own id of a user, and what to write instead; nothing when it can.
std::optional<std::string> own_user_id_problem(std::string_view text, std::string_view server_name);

} // namespace causeway::directory
