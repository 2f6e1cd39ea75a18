"""What a person does with the page about people: whether somebody exists, who comes into being when others ask for
them, what their profile says, and what they read in private."""

from causeway_demo.process import until
from page_case import PATIENCE_S, PageCase


class People(PageCase):
    def at_b(self, localpart):
        return f"@{localpart}:{self.site.side('B').server_name}"

    def invite(self, user):
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", "")
        self.browser.type("#field-other", user)

    def test_whether_somebody_exists_is_asked_before_they_are_invited(self):
        self.room_with("Guests", "bob")
        self.invite(self.at_b("nobody"))
        self.browser.click("dialog .verify")
        self.browser.wait_text("dialog .listed", "does not exist")
        self.browser.run("document.querySelector('#field-other').value = ''")
        self.browser.choose("#field-user", self.user["carol"])
        self.browser.click("dialog .verify")
        self.browser.wait_text(f"dialog .listed li[data-user='{self.user['carol']}']", "exists")
        self.shot("existence")
        self.accessible("with the answer whether somebody exists")
        self.cancel()

    def test_who_exists_is_a_rule_that_the_chat_server_answers(self):
        self.room_with("Doorstep", "bob")
        self.browser.click("#newcomers-B")
        self.browser.type("#field-names", "erin guest-*")
        self.submit()
        self.invite(self.at_b("erin"))
        self.submit()
        self.browser.wait_text(f"#side-A .invitations li[data-user='{self.at_b('erin')}']", "pending")
        # Whoever was asked for is somebody from now on: one can be them.
        self.browser.wait_text("#user-B", "Erin")
        self.browser.choose("#user-B", self.at_b("erin"))
        self.browser.wait_text("#side-B .invitation", "Alice invites Erin")
        self.browser.click("#side-B .accept")
        self.browser.wait_text("#room-B", "Doorstep")
        self.write("B", "Knock knock")
        self.browser.wait_text("#timeline-A", "Knock knock")
        self.invite(self.at_b("mallory"))
        self.submit()
        self.browser.wait_text(f"#side-A .invitations li[data-user='{self.at_b('mallory')}']", "failed")
        self.browser.click("#newcomers-B")
        self.browser.wait_text(f"dialog li[data-user='{self.at_b('mallory')}']", "does not exist")
        self.browser.wait_text(f"dialog li[data-user='{self.at_b('erin')}']", "exists")
        self.shot("newcomers")
        self.accessible("with the newcomers open")
        self.browser.type("#field-names", " ?")
        self.browser.click("dialog button[type=submit]")
        self.browser.wait_text("dialog .fault", "bad_body")
        self.cancel()

    def test_a_further_field_of_a_profile_is_set_and_taken_away(self):
        self.act_as("B", "dave")
        self.browser.click("#profile-B")
        self.browser.type("#field-field", "m.tz")
        self.browser.type("#field-field_value", "Europe/Berlin")
        self.submit()
        self.browser.click("#profile-B")
        self.browser.wait_text("dialog .account", "m.tz: Europe/Berlin")
        self.browser.wait_text("dialog .account", f"Matrix id: {self.user['dave']}")
        self.shot("account")
        self.accessible("with a profile open")
        self.browser.type("#field-field", "m.tz")
        self.submit()
        self.browser.click("#profile-B")
        self.browser.wait_text("dialog .account", "Matrix id")
        self.assertNotIn("m.tz", self.browser.text("dialog .account"))
        self.cancel()

    def test_whether_somebody_may_federate_is_said_and_left_to_the_rule_for_all_again(self):
        self.act_as("B", "carol")
        for choice, shown in (("no", "may not"), ("yes", "may"), ("all", "as of everybody")):
            self.browser.click("#profile-B")
            self.browser.choose("#field-may", choice)
            self.submit()
            self.browser.click("#profile-B")
            self.browser.wait_text("dialog .account", f"federated rooms: {shown}\n")
            self.cancel()

    def test_what_is_read_in_private_is_told_to_nobody(self):
        self.room_with("Quiet", "bob")
        self.browser.click("#private-B")
        until(
            lambda: self.browser.run("return document.querySelector('#private-B').ariaPressed") == "true",
            PATIENCE_S,
            "the button to be pressed",
            0.05,
        )
        self.write("A", "Are you reading?")
        self.browser.wait_text("#timeline-B .read-private", "read in private")
        self.menu("A", "Are you reading?", "Read by")
        self.browser.wait_text("dialog", "Nobody has read it yet.")
        self.submit()
        self.assertEqual(self.browser.all("#timeline-A .read"), [])
        self.shot("read_in_private")
        self.accessible("with something read in private")
        self.browser.click("#private-B")
        self.write("A", "And now?")
        self.browser.wait_text("#timeline-A .read", "read by Bob")
