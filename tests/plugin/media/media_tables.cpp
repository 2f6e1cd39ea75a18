/// What files in a database promise beyond those in a folder: rows of a bounded size, a connection that comes and goes,
/// one node that writes, files that come out of a folder.
#include "plugin/media/blob_rows.hpp"
#include "plugin/media/copy_media.hpp"
#include "plugin/media/media_store.hpp"
#include "plugin/postgresql_database.hpp"
#include "plugin/store/engine.hpp"
#include "tests/plugin/media/backends.hpp"

#include <stdexcept>

using namespace causeway;
using namespace causeway::media;

namespace {

constexpr time_ms at_noon = 1'700'000'000'000;

struct tables_fixture : database_backend {
  std::unique_ptr<media_store> open(std::int64_t incarnation = 0) const {
    auto where = place();
    where.incarnation = incarnation;
    auto opened = media_store::open(where, {});
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_string(opened.error())));
    return std::move(*opened);
  }
  /// A store of this database with a node that serves; its incarnation is that of `held`.
  std::unique_ptr<store::engine> serve(const std::shared_ptr<store::lease>& held) const {
    config::store_options options;
    options.engine = config::store_engine::postgresql;
    options.url = url;
    store::seat wanted;
    wanted.held = held;
    auto opened = store::open_postgresql(options, nullptr, std::move(wanted));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_string(opened.error())));
    return std::move(*opened);
  }
};

/// Bytes that are different at each place.
std::string bytes_of_length(std::size_t n) {
  std::string out(n, '\0');
  std::uint32_t x = 1;
  for (auto& c : out) {
    x = x * 1'664'525U + 1'013'904'223U;
    c = static_cast<char>(x >> 24);
  }
  return out;
}

upload_state must_put(media_store& store, const std::string& upload, std::uint64_t offset, const std::string& bytes,
                      std::uint64_t total) {
  const auto state = store.put({upload, offset, bytes, total, "image/png", "a.png"}, at_noon);
  BOOST_REQUIRE_MESSAGE(state, (state ? "" : to_string(state.error())));
  return *state;
}

std::string must_read(media_store& store, const std::string& media_id) {
  const auto file = store.find({}, media_id, at_noon);
  BOOST_REQUIRE(file && *file);
  std::string out;
  for (;;) {
    const auto part = store.files().read((*file)->hash, out.size(), 100'000); // the borders of rows lie within
    BOOST_REQUIRE(part);
    out += *part;
    if (part->size() < 100'000) return out;
  }
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(media_tables, tables_fixture, *boost::unit_test::timeout(120))

BOOST_AUTO_TEST_CASE(a_large_file_is_many_rows_of_a_bounded_size) {
  const auto store = open();
  const auto whole = bytes_of_length(3 * blob_rows::chunk_bytes + 17);
  std::string media_id;
  for (std::size_t offset = 0, step = 1; offset < whole.size(); offset += step) {
    step = std::min<std::size_t>(whole.size() - offset, offset % 2 == 0 ? 77'777 : 300'000);
    media_id = must_put(*store, "u", offset, whole.substr(offset, step), whole.size()).media_id;
  }
  BOOST_TEST((must_read(*store, media_id) == whole));
  BOOST_TEST(ask("SELECT count(*) FROM media_chunks") == 4);
  BOOST_TEST(ask("SELECT max(length(bytes)) FROM media_chunks") == static_cast<std::int64_t>(blob_rows::chunk_bytes));
  BOOST_TEST(incoming() == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_ends_with_a_full_row_and_an_empty_one_are_whole) {
  const auto store = open();
  const auto whole = bytes_of_length(2 * blob_rows::chunk_bytes);
  BOOST_TEST((must_read(*store, must_put(*store, "full", 0, whole, whole.size()).media_id) == whole));
  BOOST_TEST(must_read(*store, must_put(*store, "empty", 0, "", 0).media_id).empty());
  BOOST_TEST(blobs() == 2);
  BOOST_TEST(store->files()
               .read((*store->find({}, must_put(*store, "full", 0, "", whole.size()).media_id, at_noon))->hash,
                     whole.size() + 5, 10)
               ->empty());
}

BOOST_AUTO_TEST_CASE(an_upload_goes_on_in_the_next_node_wherever_the_first_has_ended) {
  const auto whole = bytes_of_length(blob_rows::chunk_bytes + 1'000);
  for (const std::size_t first : {std::size_t{1}, std::size_t{blob_rows::chunk_bytes - 1},
                                  std::size_t{blob_rows::chunk_bytes}, std::size_t{blob_rows::chunk_bytes + 999}}) {
    const auto upload = "u" + std::to_string(first);
    const auto before = must_put(*open(), upload, 0, whole.substr(0, first), whole.size());
    BOOST_TEST(before.received_bytes == first);
    const auto store = open();
    BOOST_REQUIRE(store->expire(at_noon, true));
    const auto after = must_put(*store, upload, first, whole.substr(first), whole.size());
    BOOST_TEST(after.complete);
    BOOST_TEST(after.media_id == before.media_id);
    BOOST_TEST((must_read(*store, after.media_id) == whole));
  }
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_lost_is_made_anew_and_nothing_is_half_there) {
  const auto store = open();
  const auto whole = bytes_of_length(600'000);
  const auto media_id = must_put(*store, "u", 0, whole.substr(0, 300'000), whole.size()).media_id;
  store::postgresql_server::running().cut(url);
  // Each of the three connections may say so once; whoever asked asks again.
  constexpr int connections = 3;
  for (int i = 0;; ++i) {
    const auto state = store->put({"u", 300'000, whole.substr(300'000), whole.size(), {}, {}}, at_noon);
    if (state) break;
    BOOST_TEST((state.error().code == fault_code::store_failed), to_string(state.error()));
    BOOST_REQUIRE(i < connections);
  }
  for (int i = 0; !store->files().read((*store->find({}, media_id, at_noon))->hash, 0, 1); ++i)
    BOOST_REQUIRE(i < connections);
  BOOST_TEST((must_read(*store, media_id) == whole));
  BOOST_TEST(incoming() == 0);
}

BOOST_AUTO_TEST_CASE(what_was_left_behind_is_swept_at_the_start) {
  const auto store = open();
  const auto kept = must_put(*store, "kept", 0, "abc", 3).media_id;
  must_put(*store, "part", 0, "ab", 3);
  run("INSERT INTO media_chunks VALUES('incoming/fetch-7', 0, 'x'), ('" + std::string(64, 'f') + "', 0, 'x')");
  BOOST_REQUIRE(store->expire(at_noon, false));
  BOOST_TEST(blobs() == 2);
  BOOST_REQUIRE(store->expire(at_noon, true));
  BOOST_TEST(blobs() == 1);
  BOOST_TEST(incoming() == 1);
  BOOST_TEST(must_read(*store, kept) == "abc");
}

BOOST_AUTO_TEST_CASE(a_replaced_node_cannot_cut_off_what_its_successor_adds) {
  const auto first_place = std::make_shared<store::lease>(), second_place = std::make_shared<store::lease>();
  auto first_engine = serve(first_place);
  const auto first = open(first_place->incarnation());
  must_put(*first, "u", 0, "ab", 6);
  first_engine->leave();
  const auto second_engine = serve(second_place);
  const auto second = open(second_place->incarnation());
  must_put(*second, "u", 2, "cd", 6);
  const auto late = first->put({"u", 2, "xy", 6, {}, {}}, at_noon);
  BOOST_REQUIRE(!late);
  BOOST_TEST((late.error().code == fault_code::stale_owner), to_string(late.error()));
  BOOST_TEST(must_read(*second, must_put(*second, "u", 4, "ef", 6).media_id) == "abcdef");
}

BOOST_AUTO_TEST_CASE(a_node_keeps_files_as_long_as_it_is_alive_whoever_has_the_shards) {
  const auto place_of_node = std::make_shared<store::lease>();
  const auto engine = serve(place_of_node);
  const auto files = open(place_of_node->incarnation());
  const auto change = [&](const std::string& what) {
    store::postgresql_database db{url, store::postgresql_database::use::shared};
    db.execute(what);
  };
  change("UPDATE shard SET owner = 78, epoch = epoch + 1");
  must_put(*files, "u", 0, "ab", 6);
  change("UPDATE node SET state = 'dead'");
  const auto late = files->put({"u", 2, "cd", 6, {}, {}}, at_noon);
  BOOST_REQUIRE(!late);
  BOOST_TEST((late.error().code == fault_code::stale_owner), to_string(late.error()));
}

BOOST_AUTO_TEST_CASE(files_of_a_folder_are_not_forgotten_and_can_be_copied) {
  const auto whole = bytes_of_length(blob_rows::chunk_bytes + 5);
  std::string ours, half;
  {
    auto from = media_store::open({at.path()}, {});
    BOOST_REQUIRE(from);
    ours = must_put(**from, "ours", 0, whole, whole.size()).media_id;
    half = must_put(**from, "half", 0, "abc", 6).media_id;
    BOOST_REQUIRE((*from)->files().write_incoming("f", 0, "theirs"));
    BOOST_REQUIRE((*from)->keep_remote("b.example", "x", "f", "image/png", "b.png", at_noon));
    const auto lost = must_put(**from, "lost", 0, "lost", 4).media_id;
    (*from)->files().remove((*(*from)->find({}, lost, at_noon))->hash);
  }
  const auto refused = media_store::open(place(), {});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().detail.find("causeway media copy") != std::string::npos, refused.error().detail);
  for (int i = 0; i < 2; ++i) { // a repetition changes nothing
    const auto copied = copy_media(at.path(), url);
    BOOST_REQUIRE_MESSAGE(copied, (copied ? "" : to_string(copied.error())));
    BOOST_TEST(copied->files == 2u);
    BOOST_TEST(copied->missing == 1u);
    BOOST_TEST(copied->bytes == (i == 0 ? whole.size() + 6 : 0));
  }
  const auto to = open();
  BOOST_REQUIRE(to->expire(at_noon, true));
  BOOST_TEST((must_read(*to, ours) == whole));
  BOOST_TEST(must_put(*to, "ours", 0, whole.substr(0, 10), whole.size()).complete);
  BOOST_TEST((*to->find("b.example", "x", at_noon))->file_name == "b.png");
  const auto done = must_put(*to, "half", 3, "def", 6);
  BOOST_TEST(done.media_id == half);
  BOOST_TEST(must_read(*to, half) == "abcdef");
  BOOST_TEST(!copy_media(at.path() + "/none", url));
}

// The broker started with a part of the files, and told users and servers that the others do not exist.
BOOST_AUTO_TEST_CASE(files_of_which_a_part_was_copied_are_not_served_until_all_are) {
  std::string first, second;
  {
    auto from = media_store::open({at.path()}, {});
    BOOST_REQUIRE(from);
    first = must_put(**from, "first", 0, "one", 3).media_id;
    second = must_put(**from, "second", 0, "two", 3).media_id;
  }
  const auto interrupt = [](const copied_media& done) {
    if (done.files == 1) throw std::runtime_error{"killed"};
  };
  BOOST_CHECK_THROW((void)copy_media(at.path(), url, interrupt), std::runtime_error);
  const auto refused = media_store::open(place(), {});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::conflict));
  BOOST_TEST(refused.error().detail.find("has not ended") != std::string::npos, refused.error().detail);
  BOOST_REQUIRE(copy_media(at.path(), url));
  const auto to = open();
  BOOST_TEST(must_read(*to, first) == "one");
  BOOST_TEST(must_read(*to, second) == "two");
}

// It cut off what had been acknowledged since the first one.
BOOST_AUTO_TEST_CASE(a_second_copy_leaves_an_upload_that_has_gone_on) {
  std::string half;
  {
    auto from = media_store::open({at.path()}, {});
    BOOST_REQUIRE(from);
    half = must_put(**from, "half", 0, "abc", 6).media_id;
  }
  BOOST_REQUIRE(copy_media(at.path(), url));
  must_put(*open(), "half", 3, "de", 6);
  BOOST_REQUIRE(copy_media(at.path(), url));
  const auto to = open();
  BOOST_TEST(must_put(*to, "half", 5, "f", 6).complete);
  BOOST_TEST(must_read(*to, half) == "abcdef");
  BOOST_REQUIRE(copy_media(at.path(), url)); // nor one that is whole by now
  BOOST_TEST(must_read(*open(), half) == "abcdef");
}

BOOST_AUTO_TEST_CASE(a_database_that_is_not_there_is_a_fault_and_no_exception) {
  const auto opened = media_store::open({at.path(), "postgresql:///none?host=/proc/none"}, {});
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == fault_code::store_failed), to_string(opened.error()));
}

BOOST_AUTO_TEST_SUITE_END()
