#include "plugin/postgresql_database.hpp"

#include "messages/crash_point.hpp"
#include "plugin/postgresql_dialect.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace causeway::store {
namespace {

/// Types of values (pg_type.dat).
constexpr Oid type_bool = 16, type_bytea = 17, type_int8 = 20, type_int2 = 21, type_int4 = 23;
constexpr int binary = 1;
/// Statements under way before their answers are read: what both sides keep of them stays small.
constexpr std::size_t unanswered_max = 256;
/// SQLSTATE lock_not_available.
constexpr std::string_view not_available = "55P03";
/// SQLSTATE division_by_zero: what the fence fails with, and no other statement.
constexpr std::string_view fence_failed = "22012";
/// The mark of the last commit of an incarnation: others commit as well.
constexpr std::string_view put_mark = "INSERT INTO commit_mark(incarnation, mark) VALUES(?1, ?2)"
                                      " ON CONFLICT(incarnation) DO UPDATE SET mark = excluded.mark";
constexpr std::string_view find_mark = "SELECT mark FROM commit_mark WHERE incarnation = ?1";
constexpr std::size_t mark_bytes = 16;

std::int64_t number_of(const char* bytes, int length) {
  if (length <= 0) return 0; // NULL
  std::uint64_t number = 0;
  for (int i = 0; i < length; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  const int unused = 64 - 8 * length; // the sign is that of the type
  return static_cast<std::int64_t>(number << unused) >> unused;
}

/// As the server writes a number in text.
std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

sql::error store_taken() {
  return {sql::failure::owner, "another node has taken this store; what was to be written is not"};
}

std::string without_newline(const char* text) {
  std::string out = text ? text : "";
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

/// By the class of the SQLSTATE (PostgreSQL, appendix A).
sql::failure kind_of(std::string_view state) {
  if (state == "XX001" || state == "XX002") return sql::failure::damage;
  // 08 connection, 25006 read only, 40 rollback of the server's own, 53 resources, 55 not now, 57 operator, 58 system
  for (const std::string_view of_machine : {"08", "25006", "40", "53", "55", "57", "58", "XX"})
    if (state.starts_with(of_machine)) return sql::failure::machine;
  return sql::failure::statement;
}

} // namespace

/// A prepared statement. The server learns of it when it is used first: then the types of its values are known.
class postgresql_statement : public sql::prepared {
public:
  postgresql_statement(postgresql_database& db, std::string sql) : db_(db), sql_(std::move(sql)) {}
  ~postgresql_statement() override { reset(); }

  void bind_null(int index) override { bind(index, 0, nullptr, 0); }
  void bind_integer(int index, std::int64_t x) override {
    auto& kept = at(index).number;
    for (int i = 0; i < 8; ++i) kept[static_cast<std::size_t>(i)] = static_cast<char>(x >> (56 - 8 * i));
    at(index).is_number = true;
    types_[static_cast<std::size_t>(index - 1)] = type_int8;
  }
  void bind_text(int index, std::string_view x) override {
    bind(index, type_bytea, x.data() ? x.data() : "", x.size());
  }
  void bind_bytes(int index, std::string_view x) override { bind_text(index, x); }

  void run() override {
    send(nullptr, true);
    if (db_.expected_.size() >= unanswered_max) db_.collect(nullptr);
    if (!db_.in_transaction_) db_.synchronize();
  }
  bool next() override {
    if (!asked_) {
      asked_ = true;
      send(this, true);
      if (PQsendFlushRequest(db_.connection_) != 1) db_.fail_connection();
      db_.collect(this);
      if (!db_.in_transaction_) db_.synchronize();
    }
    return rows_ && ++row_ < PQntuples(rows_);
  }
  void reset() noexcept override {
    PQclear(rows_);
    rows_ = nullptr;
    row_ = -1;
    asked_ = false;
  }
  std::int64_t integer(int column) const override {
    const char* bytes = PQgetvalue(rows_, row_, column);
    const int length = PQgetlength(rows_, row_, column);
    switch (PQftype(rows_, column)) {
    case type_bool:
    case type_int2:
    case type_int4:
    case type_int8: return number_of(bytes, length);
    default: break;
    }
    std::int64_t number = 0; // kept as text
    std::from_chars(bytes, bytes + length, number);
    return number;
  }
  std::string_view text(int column) const override {
    return {PQgetvalue(rows_, row_, column), static_cast<std::size_t>(PQgetlength(rows_, row_, column))};
  }
  void take(PGresult* rows) {
    PQclear(rows_);
    rows_ = rows;
    row_ = -1;
  }

private:
  struct value {
    std::array<char, 8> number{};
    bool is_number = false;
    const char* bytes = nullptr;
    std::size_t length = 0;
  };

  value& at(int index) {
    const auto place = static_cast<std::size_t>(index - 1);
    if (values_.size() <= place) {
      values_.resize(place + 1);
      types_.resize(place + 1);
    }
    return values_[place];
  }
  void bind(int index, Oid type, const char* bytes, std::size_t length) {
    auto& x = at(index);
    x.is_number = false;
    x.bytes = bytes;
    x.length = length;
    types_[static_cast<std::size_t>(index - 1)] = type;
  }
  void send(postgresql_statement* asks, bool counts) {
    db_.check_alive();
    const auto count = values_.size();
    std::vector<const char*> bytes(count);
    std::vector<int> lengths(count), formats(count, binary);
    std::string types;
    for (std::size_t i = 0; i < count; ++i) {
      const auto& x = values_[i];
      bytes[i] = x.is_number ? x.number.data() : x.bytes;
      lengths[i] = x.is_number ? 8 : static_cast<int>(x.length);
      types += x.is_number ? 'i' : x.bytes ? 't' : 'n';
    }
    const auto& name = db_.name_of(sql_, types, static_cast<int>(count), types_.data());
    db_.sent({asks, counts}, PQsendQueryPrepared(db_.connection_, name.c_str(), static_cast<int>(count), bytes.data(),
                                                 lengths.data(), formats.data(), binary));
  }

  postgresql_database& db_;
  const std::string sql_;
  std::vector<value> values_;
  std::vector<Oid> types_;
  PGresult* rows_ = nullptr;
  int row_ = -1;
  bool asked_ = false;
};

postgresql_database::postgresql_database(std::string url, use what, std::int64_t lock_patience_ms)
    : url_(std::move(url)), use_(what), lock_patience_ms_(lock_patience_ms) {
  connect();
}

postgresql_database::~postgresql_database() { PQfinish(connection_); }

void postgresql_database::connect() {
  PQfinish(connection_);
  connection_ = nullptr;
  names_.clear();
  names_lost_ = false;
  expected_.clear();
  in_transaction_ = is_synced_ = false;
  // What the URL says comes last and wins.
  const std::array<const char*, 8> keys = {
    "application_name", "connect_timeout",  "keepalives_idle", "keepalives_interval",
    "keepalives_count", "tcp_user_timeout", "dbname",          nullptr};
  const std::array<const char*, 8> values = {"causeway", "5", "5", "2", "3", "4000", url_.c_str(), nullptr};
  connection_ = PQconnectdbParams(keys.data(), values.data(), 1);
  if (PQstatus(connection_) != CONNECTION_OK) {
    sql::error failed{sql::failure::machine, without_newline(PQerrorMessage(connection_))};
    PQfinish(std::exchange(connection_, nullptr));
    throw failed;
  }
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  try {
    // An acknowledgement means: on disk, whatever the server's default is.
    execute("SET synchronous_commit = on; SET client_min_messages = warning; SET escape_string_warning = off;"
            " SET standard_conforming_strings = on; SET plan_cache_mode = force_generic_plan;"
            // The server notices that this machine is gone: its lock is free for another one.
            " SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;"
            " SET client_connection_check_interval = 1000");
    if (use_ == use::alone) lock();
    set_up_session();
    if (PQenterPipelineMode(connection_) != 1) fail_connection();
  } catch (...) {
    PQfinish(std::exchange(connection_, nullptr));
    throw;
  }
}

void postgresql_database::lock() {
  execute("SET lock_timeout = " + std::to_string(lock_patience_ms_));
  auto* answer = PQexec(connection_, (std::string{"SELECT pg_advisory_lock("} + store_lock + ")").c_str());
  const bool is_ours = PQresultStatus(answer) == PGRES_TUPLES_OK;
  const auto* state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
  const bool is_taken = state && state == not_available;
  PQclear(answer);
  if (is_taken)
    throw sql::error{sql::failure::machine, "another causewayd uses this database; stop it, or choose another one"};
  if (!is_ours) fail_connection();
  execute("SET lock_timeout = 0");
}

/// What a connection has besides its settings, made anew with it. @pre not in pipeline mode
void postgresql_database::set_up_session() {
  if (!session_lock_.empty()) execute("SELECT pg_advisory_lock_shared(" + session_lock_ + ")");
  if (is_member_ || owner_ != 0) execute(session_limits);
  if (serves_) {
    // Not there: somebody takes the shards at this moment. Then this node is told so, or gets it afterwards.
    auto* answer = PQexec(connection_, (std::string{"SELECT pg_try_advisory_lock_shared("} + store_lock + ")").c_str());
    const bool is_shared = PQresultStatus(answer) == PGRES_TUPLES_OK && PQgetvalue(answer, 0, 0)[0] == 't';
    PQclear(answer);
    if (!is_shared) throw sql::error{sql::failure::machine, "another node has the lock of the store"};
  }
  if (owner_ != 0) take_again();
}

void postgresql_database::belong_to(std::int64_t incarnation, session_of kind) {
  is_member_ = kind == session_of::member;
  session_lock_ = std::to_string(incarnation * 2 + (is_member_ ? 0 : 1));
  execute("SELECT pg_advisory_lock_shared(" + session_lock_ + ")");
  if (is_member_) execute(session_limits);
}

void postgresql_database::serve() {
  execute(std::string{"SELECT pg_advisory_lock_shared("} + store_lock + ")");
  serves_ = true;
}

void postgresql_database::own(std::int64_t incarnation, const shard_epochs& shards) {
  execute(session_limits);
  check_shards_ = std::make_unique<sql::statement>(*this, sql::check_shards());
  put_mark_ = std::make_unique<sql::statement>(*this, put_mark);
  find_mark_ = std::make_unique<sql::statement>(*this, find_mark);
  owner_ = incarnation;
  epochs_ = shards;
  ++takes_;
}

/// The answer to this may be lost as well, so it can be said again (sql::take_again).
void postgresql_database::take_again() {
  auto* answer = PQexec(connection_, sql::take_again(owner_, epochs_).c_str());
  const bool was_answered = PQresultStatus(answer) == PGRES_TUPLES_OK;
  const auto* state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
  sql::error failed{kind_of(state ? state : "08000"), without_newline(PQresultErrorMessage(answer))};
  shard_epochs again;
  for (int row = 0; was_answered && row < PQntuples(answer); ++row) {
    const auto shard = static_cast<shard_number>(number_in(PQgetvalue(answer, row, 0)));
    again.put(shard, number_in(PQgetvalue(answer, row, 1)));
  }
  PQclear(answer);
  if (!was_answered) throw failed;
  epochs_ = again;
  ++takes_;
  must_look_ = false;
  is_stale_ = epochs_.shards().is_empty();
  if (is_stale_) throw store_taken();
}

void postgresql_database::own_more(const shard_epochs& shards) {
  shards.shards().for_each([&](shard_number x) { epochs_.put(x, shards.at(x)); });
  is_stale_ = epochs_.shards().is_empty();
  ++takes_;
}

/// Another node has a shard that this one had: which of them it still has, with the epochs it knows.
void postgresql_database::look_again() {
  const auto found = sql::read_shards(*this, owner_);
  must_look_ = false;
  epochs_.shards().for_each([&](shard_number x) {
    if (found.at(x) != epochs_.at(x)) epochs_.put(x, 0);
  });
  is_stale_ = epochs_.shards().is_empty();
}

/// What this node knows that it has lost is refused at once, before a transaction has begun.
void postgresql_database::refuse_lost(const shard_set& shards) const {
  if (is_stale_) throw store_taken();
  auto lost = shards;
  epochs_.shards().for_each([&](shard_number x) { lost.remove(x); });
  if (!lost.is_empty())
    throw sql::error{sql::failure::owner,
                     "another node has taken shard " + to_string(lost) + "; what was to be written of it is not"};
}

bool postgresql_database::is_connected() const { return connection_ && PQstatus(connection_) == CONNECTION_OK; }

bool postgresql_database::was_ended() {
  // Nothing is expected: what comes is the server's goodbye, and then, with the next look, the end.
  return !is_connected() || PQconsumeInput(connection_) != 1 || PQconsumeInput(connection_) != 1 || !is_connected();
}

void postgresql_database::check_alive() const {
  if (!is_connected()) throw sql::error{sql::failure::machine, "the connection to PostgreSQL is lost"};
}

std::unique_ptr<sql::prepared> postgresql_database::prepare(std::string_view sql) {
  return std::make_unique<postgresql_statement>(*this, to_postgresql(sql));
}

void postgresql_database::execute(const std::string& sql) {
  check_alive();
  const bool was_pipeline = PQpipelineStatus(connection_) == PQ_PIPELINE_ON;
  if (was_pipeline) {
    synchronize();
    if (PQexitPipelineMode(connection_) != 1) fail_connection();
  }
  auto* answer = PQexec(connection_, to_postgresql(sql).c_str());
  const auto how = PQresultStatus(answer);
  const std::string state =
    PQresultErrorField(answer, PG_DIAG_SQLSTATE) ? PQresultErrorField(answer, PG_DIAG_SQLSTATE) : "08000";
  const auto text = without_newline(PQresultErrorMessage(answer));
  PQclear(answer);
  if (was_pipeline && PQenterPipelineMode(connection_) != 1) fail_connection();
  if (how != PGRES_COMMAND_OK && how != PGRES_TUPLES_OK) throw sql::error{kind_of(state), text};
}

const std::string& postgresql_database::name_of(const std::string& sql, const std::string& types, int count,
                                                const Oid* oids) {
  const auto [at, is_new] = names_.try_emplace(types + ' ' + sql);
  if (is_new) {
    at->second = "s" + std::to_string(++last_name_);
    sent({}, PQsendPrepare(connection_, at->second.c_str(), sql.c_str(), count, oids));
  }
  return at->second;
}

void postgresql_database::sent(expected x, int was_sent) {
  if (was_sent != 1) fail_connection();
  expected_.push_back(x);
}

PGresult* postgresql_database::next_result() {
  auto* answer = PQgetResult(connection_);
  if (!answer) answer = PQgetResult(connection_); // null ends the answer of each statement
  if (!answer) fail_connection();
  return answer;
}

void postgresql_database::collect(const postgresql_statement* wanted) {
  if (!wanted && !expected_.empty() && PQsendFlushRequest(connection_) != 1) fail_connection();
  while (!expected_.empty()) {
    auto* answer = next_result();
    const auto how = PQresultStatus(answer);
    if (how != PGRES_COMMAND_OK && how != PGRES_TUPLES_OK) fail(answer);
    const auto of = expected_.front();
    expected_.pop_front();
    if (of.counts) {
      changes_ = 0;
      const std::string_view told = PQcmdTuples(answer);
      std::from_chars(told.data(), told.data() + told.size(), changes_);
    }
    if (of.asks) of.asks->take(answer);
    else PQclear(answer);
    if (of.asks && of.asks == wanted) return;
  }
}

/// Ends the pipeline's implicit transaction, so that an error of it concerns nothing that comes later.
void postgresql_database::synchronize() {
  check_alive();
  if (PQpipelineSync(connection_) != 1) fail_connection();
  is_synced_ = true;
  collect(nullptr);
  auto* answer = next_result();
  is_synced_ = false;
  const auto how = PQresultStatus(answer);
  PQclear(answer);
  if (how != PGRES_PIPELINE_SYNC) fail_connection();
}

/// Takes `why`. What else was sent is not carried out; the connection can be used again afterwards.
void postgresql_database::fail(const PGresult* why) {
  const auto* state = PQresultErrorField(why, PG_DIAG_SQLSTATE);
  sql::error failed{kind_of(state ? state : "08000"), without_newline(PQresultErrorMessage(why))};
  const bool is_of_fence = owner_ != 0 && state && state == fence_failed;
  PQclear(const_cast<PGresult*>(why));
  expected_.clear();
  names_.clear(); // what was to be prepared after it is not
  names_lost_ = true;
  const bool was_synced = std::exchange(is_synced_, false); // then its end is on its way already
  if (is_connected() && (was_synced || PQpipelineSync(connection_) == 1))
    while (is_connected()) {
      auto* answer = PQgetResult(connection_);
      const bool is_end = answer && PQresultStatus(answer) == PGRES_PIPELINE_SYNC;
      PQclear(answer);
      if (is_end) break;
    }
  if (is_of_fence) {
    must_look_ = true; // which of its shards is asked when this transaction is over
    throw sql::error{sql::failure::owner,
                     "another node has taken this store, or a shard of it that this is of; what was "
                     "to be written is not"};
  }
  throw failed;
}

void postgresql_database::fail_connection() {
  expected_.clear();
  is_synced_ = false;
  sql::error failed{sql::failure::machine, connection_ ? without_newline(PQerrorMessage(connection_))
                                                       : "there is no connection to PostgreSQL"};
  if (*failed.what() == '\0') failed = {sql::failure::machine, "the connection to PostgreSQL is lost"};
  PQfinish(std::exchange(connection_, nullptr));
  in_transaction_ = false;
  throw failed;
}

void postgresql_database::begin(bool writes) { begin(writes, shard_set::all()); }

void postgresql_database::begin_of(const shard_set& shards) { begin(true, shards); }

void postgresql_database::begin(bool writes, const shard_set& shards) {
  if (writes) outcome_unknown_ = false; // that of an earlier transaction says nothing of this one
  if (!is_connected()) connect();
  if (must_look_) look_again();
  const bool is_fenced = writes && owner_ != 0 && !crash::is_mutant(crash::mutant::fence_dropped);
  if (is_fenced) refuse_lost(shards);
  writes_ = writes;
  const auto* sql = writes ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  sent({}, PQsendQueryParams(connection_, sql, 0, nullptr, nullptr, nullptr, nullptr, binary));
  in_transaction_ = true;
  if (!is_fenced) return;
  const sql::fence_values values{shards, epochs_};
  check_shards_->run(owner_, values.shards, values.epochs, values.count);
}

void postgresql_database::commit() {
  check_alive();
  if (writes_ && owner_ != 0) {
    leave_mark();
    // A commit that waits for a standby server must not be cut short: it would count as made, and be on one disk only.
    sent({}, PQsendQueryParams(connection_, "SET LOCAL statement_timeout = 0", 0, nullptr, nullptr, nullptr, nullptr,
                               binary));
  }
  outcome_unknown_ = writes_; // also where libpq fails with it half out
  sent({}, PQsendQueryParams(connection_, "COMMIT", 0, nullptr, nullptr, nullptr, nullptr, binary));
  try {
    synchronize();
  } catch (const sql::error&) {
    if (is_connected()) outcome_unknown_ = false; // the server has said no
    throw;
  }
  in_transaction_ = outcome_unknown_ = false;
}

/// Whose row of marks it is.
std::int64_t postgresql_database::mark_owner() const {
  return crash::is_mutant(crash::mutant::mark_of_all_nodes) ? 0 : owner_;
}

void postgresql_database::leave_mark() {
  last_mark_.resize(mark_bytes);
  randombytes_buf(last_mark_.data(), last_mark_.size());
  put_mark_->run(mark_owner(), sql::blob{last_mark_});
}

bool postgresql_database::was_last_commit_made() {
  sql::transaction look{*this, sql::transaction::kind::read};
  bool was_made = false;
  if (auto rows = find_mark_->query(mark_owner()); rows.next()) was_made = rows.text(0) == last_mark_;
  look.commit();
  outcome_unknown_ = false;
  return was_made;
}

void postgresql_database::roll_back() noexcept {
  if (!in_transaction_) return;
  in_transaction_ = false;
  if (!is_connected()) return;
  try {
    collect(nullptr);
  } catch (const sql::error&) {
    names_lost_ = true; // that it has failed is known already
  }
  if (!is_connected()) return;
  try {
    for (const auto* sql : {"ROLLBACK", "DEALLOCATE ALL"})
      if (names_lost_ || sql == std::string_view{"ROLLBACK"})
        sent({}, PQsendQueryParams(connection_, sql, 0, nullptr, nullptr, nullptr, nullptr, binary));
    if (std::exchange(names_lost_, false)) names_.clear();
    synchronize();
    if (must_look_) look_again(); // now, so that whoever is told of the failure can ask who is concerned
  } catch (const sql::error&) {
    PQfinish(std::exchange(connection_, nullptr)); // its session ends, and with it the transaction
  }
}

std::int64_t postgresql_database::changes() {
  collect(nullptr);
  return changes_;
}

} // namespace causeway::store
