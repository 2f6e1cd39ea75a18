#pragma once
#include "config/store_options.hpp"
#include "plugin/meta.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/membership.hpp"
#include "postgresql_server.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

/// A database that several nodes use, and what an operator would see in it.
namespace causeway::store {

/// Of a node that is made of its rows alone.
inline constexpr std::int64_t somebody = 77;

struct shared_store {
  postgresql_server& server = postgresql_server::running();
  std::string url = server.make_store();

  config::store_options options() const {
    config::store_options x;
    x.engine = config::store_engine::postgresql;
    x.url = url;
    return x;
  }
  static seat seat_of(const std::string& name, std::int64_t patience_ms = 0) {
    seat x;
    x.name = name;
    x.endpoints = "tcp://" + name + ".example:5000";
    x.version = "1";
    x.patience_ms = patience_ms;
    return x;
  }
  result<std::unique_ptr<engine>> open(seat x) const { return open_postgresql(options(), nullptr, std::move(x)); }
  std::unique_ptr<engine> must_open(seat x) const {
    auto opened = open(std::move(x));
    BOOST_REQUIRE_MESSAGE(bool(opened), (opened ? "" : to_string(opened.error())));
    return *std::move(opened);
  }
  result<std::unique_ptr<membership>> take(seat x) const {
    const auto nothing = [](sql::connection&) { return ok(); };
    return membership::take(url, std::move(x), {nothing, nothing});
  }
  std::unique_ptr<membership> must_take(seat x) const {
    auto taken = take(std::move(x));
    BOOST_REQUIRE_MESSAGE(bool(taken), (taken ? "" : to_string(taken.error())));
    return *std::move(taken);
  }
  void make_tables() const { must_open(seat_of("first")); }
  /// As an operator looks into the database. @param sql  with the tables as `T.name`
  std::string ask(std::string sql) const {
    const auto schema = url.substr(url.rfind("%3D") + 3);
    for (std::size_t at = 0; (at = sql.find("T.", at)) != std::string::npos; at += schema.size())
      sql.replace(at, 1, schema);
    return server.ask(sql);
  }
  /// A node of which nobody knows more than what stands here has all shards.
  void let_somebody_serve(const std::string& lease_until) const {
    ask("INSERT INTO T.node VALUES(77, 'somebody', '', '1', 'active', " + lease_until + ")");
    ask("UPDATE T.shard SET owner = 77, epoch = epoch + 1");
  }
  std::string state_of(const std::string& name) const {
    return ask("SELECT convert_from(state, 'UTF8') FROM T.node WHERE name = '" + name + "' ORDER BY lease_until DESC");
  }
  std::string count(const std::string& table) const { return ask("SELECT count(*) FROM T." + table); }
};

inline const std::string in_an_hour = "(extract(epoch FROM now()) * 1000)::bigint + 3600000";

inline void put(sql::connection& db, const std::string& value, const shard_set& of = shard_set::all()) {
  sql::transaction all{db, of};
  sql::statement{db, sql::put_meta}.run("x", value);
  all.commit();
}

inline std::string found(sql::connection& db) {
  sql::transaction look{db, sql::transaction::kind::read};
  sql::statement find{db, sql::find_meta};
  auto rows = find.query("x");
  return rows.next() ? rows.string(0) : "";
}

inline bool is_of_owner(const sql::error& x) { return x.kind == sql::failure::owner; }

} // namespace causeway::store
