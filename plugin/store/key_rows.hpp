#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Keys of other servers (table `server_keys`).
namespace causeway::store::sql {

schema_steps key_steps();

/// Texts are views: of what is written, or of the row that is read while its cursor stands.
struct server_keys_row {
  std::string_view keys; ///< see encode_keys
  std::int64_t fetched_ts = 0;
  std::string_view documents; ///< JSON as the server signed it
};
/// Behind the key `server`.
struct server_keys_columns {
  using row = server_keys_row;
  static void columns(auto& f, auto& x) {
    f.bytes("keys", x.keys);
    f.number("fetched_ts", x.fetched_ts);
    f.text("document", x.documents);
  }
};

class key_writes {
public:
  /// @throws error
  key_writes(connection& db, names& known);
  void apply(const put_server_keys& x);

private:
  names& names_;
  statement put_;
};

class key_reads {
public:
  /// @throws error
  key_reads(connection& db, names& known);
  answer on(const load_key_documents& x);

  /// Empty but for the name when none are known.
  put_server_keys of_server(std::int64_t server, const std::string& name);
  /// Servers whose keys are kept, the latest fetched first.
  std::vector<std::string> servers(std::size_t limit);

private:
  names& names_;
  statement one_, servers_;
};

} // namespace causeway::store::sql
