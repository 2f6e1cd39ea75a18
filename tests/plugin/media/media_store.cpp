#include "plugin/media/media_store.hpp"

#include "plugin/media/blob_files.hpp"
#include "tests/plugin/media/backends.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

using namespace causeway;
using namespace causeway::media;

namespace {

constexpr time_ms now = 1'700'000'000'000;
constexpr time_ms hour_ms = 3'600'000;

struct store_fixture {
  explicit store_fixture(const backend_kind& kind) : at(kind.make()) { reopen(); }
  std::unique_ptr<backend> at;
  config::media_options options;
  std::unique_ptr<media_store> store;

  void reopen() {
    store.reset();
    auto opened = media_store::open(at->place(), options);
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_string(opened.error())));
    store = std::move(*opened);
  }
  static chat::media_put part(std::string upload, std::uint64_t offset, std::string bytes, std::uint64_t total) {
    return {std::move(upload), offset, std::move(bytes), total, "image/png", "a.png"};
  }
  upload_state put(const chat::media_put& x, time_ms when = now) {
    auto state = store->put(x, when);
    BOOST_REQUIRE_MESSAGE(state, (state ? "" : to_string(state.error())));
    return *state;
  }
  void refuses(const chat::media_put& x, const std::string& why) {
    const auto state = store->put(x, now);
    BOOST_REQUIRE(!state);
    BOOST_TEST(to_string(state.error()) == why);
  }
  std::optional<file_info> find(const std::string& origin, const std::string& id, time_ms when = now) {
    auto found = store->find(origin, id, when);
    BOOST_REQUIRE(found);
    return *found;
  }
  std::string bytes_of(const file_info& x) {
    auto bytes = store->files().read(x.hash, 0, x.bytes + 1);
    BOOST_REQUIRE(bytes);
    return *bytes;
  }
  void keep(const std::string& id, const std::string& bytes, time_ms when) {
    BOOST_REQUIRE(store->files().write_incoming("f", 0, bytes));
    BOOST_REQUIRE(store->keep_remote("b.example", id, "f", "image/png", "b.png", when));
  }
};

const std::string hash_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

} // namespace

namespace {

/// What others have any right to, below and including a folder.
std::vector<std::string> open_to_others(const std::string& folder) {
  std::vector<std::string> out;
  auto look = [&](const std::string& path) {
    struct stat about {};
    BOOST_REQUIRE(::lstat(path.c_str(), &about) == 0);
    if ((about.st_mode & 077U) != 0) out.push_back(path);
  };
  look(folder);
  for (const auto& each : std::filesystem::recursive_directory_iterator{folder}) look(each.path());
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(media_files)

BOOST_AUTO_TEST_CASE(names_and_files_are_for_the_owner_alone_whatever_the_umask_says) {
  for (const mode_t mask : {0000U, 0022U, 0777U}) {
    const folder at;
    const auto path = at.path() + "/data/media";
    const auto before = ::umask(mask);
    auto store = media_store::open({path}, {});
    BOOST_REQUIRE(store);
    BOOST_REQUIRE((*store)->put({"whole", 0, "abc", 3, "image/png", "a.png"}, now));
    BOOST_REQUIRE((*store)->put({"part", 0, "ab", 3, "image/png", "a.png"}, now));
    BOOST_REQUIRE((*store)->keep_thumbnail(hash_of_abc, {}, "thumb", "image/png", now));
    BOOST_TEST(open_to_others(at.path() + "/data") == std::vector<std::string>{}, boost::test_tools::per_element());
    ::umask(before);
  }
}

BOOST_AUTO_TEST_CASE(what_an_older_version_left_open_is_closed_at_the_start) {
  const folder at;
  const auto path = at.path() + "/media";
  {
    auto store = media_store::open({path}, {});
    BOOST_REQUIRE(store);
    BOOST_REQUIRE((*store)->put({"whole", 0, "abc", 3, "image/png", "a.png"}, now));
  }
  std::ofstream{path + "/media.db-wal"}.close();
  for (const auto& each : std::filesystem::recursive_directory_iterator{path})
    ::chmod(each.path().c_str(), each.is_directory() ? 0755 : 0644);
  ::chmod(path.c_str(), 0755);
  BOOST_REQUIRE(open_to_others(path).size() > 6);
  auto store = media_store::open({path}, {});
  BOOST_REQUIRE(store);
  BOOST_TEST(open_to_others(path) == std::vector<std::string>{}, boost::test_tools::per_element());
  BOOST_TEST(*(*store)->files().read(hash_of_abc, 0, 3) == "abc");
}

BOOST_AUTO_TEST_CASE(a_blob_lies_in_a_folder_of_its_hash) {
  store_fixture of_folder{backend_kinds().front()};
  of_folder.put(store_fixture::part("u", 0, "abc", 3));
  BOOST_TEST(std::filesystem::exists(of_folder.at->place().directory + "/blobs/ba/78/" + hash_of_abc));
  BOOST_TEST(!media_store::open({"/proc/none"}, {}));
}

BOOST_AUTO_TEST_CASE(files_that_are_taken_away_take_nothing_more_until_they_are_back) {
  store_fixture of_folder{backend_kinds().front()};
  auto& store = of_folder.store;
  const auto directory = of_folder.at->place().directory;
  const auto before = of_folder.put(store_fixture::part("before", 0, "ab", 2));
  for (const auto* name : {"media.db", "media.db-wal", "blobs", "incoming"}) {
    const std::filesystem::path path = directory + "/" + name, away = directory + "/away";
    std::filesystem::rename(path, away);
    BOOST_TEST(!store->healthy());
    const auto refused = store->put(store_fixture::part(std::string{"lost "} + name, 0, "cd", 2), now);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == fault_code::store_failed));
    BOOST_TEST(refused.error().detail.find(std::string{name} + " was removed or moved away") != std::string::npos,
               refused.error().detail);
    std::filesystem::rename(away, path);
    BOOST_TEST(static_cast<bool>(store->healthy()));
    BOOST_TEST(of_folder.put(store_fixture::part(std::string{"kept "} + name, 0, "cd", 2)).complete);
  }
  BOOST_TEST(of_folder.bytes_of(*of_folder.find("", before.media_id)) == "ab");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(media_store_)

CAUSEWAY_MEDIA_CASE(a_blob_is_named_by_its_hash, store_fixture) {
  const auto state = put(part("u", 0, "abc", 3));
  BOOST_TEST(state.complete);
  const auto file = find("", state.media_id);
  BOOST_REQUIRE(file);
  BOOST_TEST(file->hash == hash_of_abc);
  BOOST_TEST(at->blobs() == 1);
  BOOST_TEST(bytes_of(*file) == "abc");
  BOOST_TEST(file->content_type == "image/png");
  BOOST_TEST(file->file_name == "a.png");
  BOOST_TEST(at->incoming() == 0);
  BOOST_TEST(!find("b.example", state.media_id));
  BOOST_TEST(state.media_id.size() == 32u);
}

CAUSEWAY_MEDIA_CASE(an_upload_goes_on_after_a_restart_under_its_media_id, store_fixture) {
  const auto first = put(part("u", 0, "ab", 5));
  BOOST_TEST(!first.complete);
  BOOST_TEST(first.received_bytes == 2u);
  BOOST_TEST(*store->is_announced(first.media_id));
  BOOST_TEST(!find("", first.media_id));
  reopen();
  BOOST_TEST(put(part("u", 0, "ab", 5)).received_bytes == 2u);
  BOOST_TEST(put(part("u", 0, "", 5)).received_bytes == 2u);
  const auto last = put(part("u", 1, "bcde", 5)); // some of it again
  BOOST_TEST(last.complete);
  BOOST_TEST(last.media_id == first.media_id);
  BOOST_TEST(!*store->is_announced(first.media_id));
  BOOST_TEST(bytes_of(*find("", first.media_id)) == "abcde");
  reopen();
  BOOST_TEST(put(part("u", 2, "cde", 5)).media_id == first.media_id);
  refuses(part("u", 2, "xxx", 5), "conflict: bytes: others came for this place before");
  refuses(part("u", 0, "abc", 3), "conflict: total_bytes: the upload was complete with 5");
}

CAUSEWAY_MEDIA_CASE(what_a_crash_took_from_the_file_has_to_come_again, store_fixture) {
  const auto state = put(part("u", 0, "abcd", 6));
  store.reset();
  at->shorten_incoming(state.media_id);
  reopen();
  refuses(part("u", 4, "ef", 6), "conflict: offset: the next part begins at 1");
  BOOST_TEST(put(part("u", 1, "bcdef", 6)).complete);
  BOOST_TEST(bytes_of(*find("", state.media_id)) == "abcdef");
}

CAUSEWAY_MEDIA_CASE(more_than_was_acknowledged_is_written_over, store_fixture) {
  const auto state = put(part("u", 0, "ab", 4));
  BOOST_REQUIRE(store->files().write_incoming(state.media_id, 2, "garbage of a crash"));
  BOOST_TEST(put(part("u", 2, "cd", 4)).complete);
  BOOST_TEST(bytes_of(*find("", state.media_id)) == "abcd");
}

CAUSEWAY_MEDIA_CASE(gaps_other_bytes_other_lengths_and_too_much_are_refused, store_fixture) {
  refuses(part("u", 1, "b", 5), "conflict: offset: the next part begins at 0");
  put(part("u", 0, "ab", 5));
  refuses(part("u", 3, "d", 5), "conflict: offset: the next part begins at 2");
  refuses(part("u", 0, "xy", 5), "conflict: bytes: others came for this place before");
  refuses(part("u", 0, "ab", 6), "conflict: total_bytes: the upload began with 5");
  refuses(part("v", 0, "", options.upload_bytes_max + 1), "too_large: total_bytes: media.upload_bytes_max is 52428800");
}

CAUSEWAY_MEDIA_CASE(open_uploads_are_bounded, store_fixture) {
  for (int i = 0; i < 1'000; ++i) put(part("u" + std::to_string(i), 0, "", 5));
  refuses(part("one more", 0, "", 5), "overloaded: 1000 uploads are not complete");
  BOOST_TEST(put(part("u7", 0, "abcde", 5)).complete);
  BOOST_TEST(!put(part("one more", 0, "", 5)).complete);
}

CAUSEWAY_MEDIA_CASE(uploads_that_nothing_follows_are_thrown_away, store_fixture) {
  const auto old = put(part("old", 0, "ab", 5), now - 25 * hour_ms);
  const auto young = put(part("young", 0, "ab", 5), now - 23 * hour_ms);
  BOOST_REQUIRE(store->files().write_incoming("stranger", 0, "x"));
  BOOST_REQUIRE(store->files().sync_incoming("stranger"));
  BOOST_REQUIRE(store->expire(now, false));
  BOOST_TEST(!*store->is_announced(old.media_id));
  BOOST_TEST(*store->is_announced(young.media_id));
  BOOST_TEST(at->incoming() == 2);
  BOOST_REQUIRE(store->expire(now, true));
  BOOST_TEST(at->incoming() == 1);
  BOOST_TEST(put(part("old", 0, "abcde", 5)).media_id != old.media_id);
}

CAUSEWAY_MEDIA_CASE(uploads_of_a_clock_that_ran_ahead_are_thrown_away_as_others_are, store_fixture) {
  const auto ahead = put(part("ahead", 0, "ab", 5), now + 1'000 * hour_ms);
  BOOST_REQUIRE(store->expire(now, false));
  BOOST_TEST(*store->is_announced(ahead.media_id)); // it counts from now on
  BOOST_REQUIRE(store->expire(now + 25 * hour_ms, false));
  BOOST_TEST(!*store->is_announced(ahead.media_id));
}

CAUSEWAY_MEDIA_CASE(equal_files_are_kept_once_and_stay_while_one_needs_them, store_fixture) {
  const auto ours = put(part("u", 0, "abc", 3));
  keep("x", "abc", now);
  BOOST_TEST(at->blobs() == 1);
  options.cache_bytes_max = 1;
  reopen();
  keep("y", "other", now);
  BOOST_TEST(!find("b.example", "x"));
  BOOST_TEST(bytes_of(*find("", ours.media_id)) == "abc");
}

CAUSEWAY_MEDIA_CASE(the_longest_unused_copies_go_first_and_never_our_own, store_fixture) {
  options.cache_bytes_max = 10;
  reopen();
  const auto ours = put(part("u", 0, "0123456789", 10));
  keep("a", "aaaa", now);
  keep("b", "bbbb", now + 1);
  BOOST_TEST(find("b.example", "a", now + 2 * hour_ms).has_value()); // used now
  keep("c", "cccc", now + 3 * hour_ms);
  BOOST_TEST(find("b.example", "a").has_value());
  BOOST_TEST(!find("b.example", "b"));
  BOOST_TEST(find("b.example", "c").has_value());
  BOOST_TEST(store->cached_bytes() == 8u);
  BOOST_TEST(at->blobs() == 3);
  keep("d", "a file that is larger than all the room there is", now + 4 * hour_ms);
  BOOST_TEST(find("b.example", "d").has_value());
  BOOST_TEST(!find("b.example", "c"));
  BOOST_TEST(find("", ours.media_id).has_value());
  reopen();
  BOOST_TEST(store->cached_bytes() == 48u);
}

CAUSEWAY_MEDIA_CASE(thumbnails_are_kept_by_picture_size_and_method, store_fixture) {
  const thumbnail_size size{32, 32, thumbnail_method::crop};
  BOOST_TEST(!store->find_thumbnail(hash_of_abc, size, now)->has_value());
  const auto kept = store->keep_thumbnail(hash_of_abc, size, "small", "image/png", now);
  BOOST_REQUIRE(kept);
  const auto found = store->find_thumbnail(hash_of_abc, size, now);
  BOOST_REQUIRE(found && *found);
  BOOST_TEST(bytes_of(**found) == "small");
  BOOST_TEST((*found)->content_type == "image/png");
  BOOST_TEST(!store->find_thumbnail(hash_of_abc, {32, 32, thumbnail_method::scale}, now)->has_value());
  BOOST_TEST(store->cached_bytes() == 5u);
}

CAUSEWAY_MEDIA_CASE(old_thumbnails_make_room_too, store_fixture) {
  options.cache_bytes_max = 9;
  reopen();
  BOOST_REQUIRE(store->keep_thumbnail(hash_of_abc, {32, 32, thumbnail_method::crop}, "small", "image/png", now));
  keep("a", "aaaaaa", now + 1);
  BOOST_TEST(!store->find_thumbnail(hash_of_abc, {32, 32, thumbnail_method::crop}, now)->has_value());
  BOOST_TEST(at->blobs() == 1);
}

CAUSEWAY_MEDIA_CASE(a_newer_file_is_refused, store_fixture) {
  store.reset();
  at->make_newer();
  const auto opened = media_store::open(at->place(), options);
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().detail.find("newer version") != std::string::npos);
}

CAUSEWAY_MEDIA_CASE(only_hashes_are_hashes, store_fixture) {
  BOOST_TEST(blob_store::is_hash(hash_of_abc));
  BOOST_TEST(!blob_store::is_hash(hash_of_abc.substr(1)));
  BOOST_TEST(!blob_store::is_hash("../" + hash_of_abc.substr(3)));
  const auto missing = store->files().read(hash_of_abc, 0, 1);
  BOOST_REQUIRE(!missing);
  BOOST_TEST((missing.error().code == fault_code::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
