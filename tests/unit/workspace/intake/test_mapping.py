"""Guessing tables and columns, on the exports of other systems and on hand-made ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rapport.engine.errors import DefinitionError
from rapport.workspace.crm.intake.dictionaries import DICTIONARIES
from rapport.workspace.crm.intake.mapping.guess import guess_columns, guess_mapping, guess_table
from rapport.workspace.crm.intake.mapping.mapping import DERIVED, Mapping
from rapport.workspace.crm.intake.mapping.names import fold
from rapport.workspace.crm.intake.mapping.settle import AmbiguousDatesError, settle
from rapport.workspace.crm.intake.reading.files import open_file

File = Callable[..., Path]
HUBSPOT_CONTACTS = (
    *("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Mobile Phone Number", "Job Title"),
    *("Company Name", "Contact owner", "Lead Status", "Lifecycle Stage", "Create Date", "Last Activity Date"),
    *("Original Source", "Country/Region", "State/Region", "City", "Postal Code", "Associated Company IDs (Primary)"),
)
HUBSPOT_DEALS = (
    *("Record ID", "Deal Name", "Deal Stage", "Pipeline", "Amount", "Close Date", "Create Date", "Deal owner"),
    *("Associated Company", "Associated Company IDs (Primary)", "Associated Contact IDs"),
)
PIPEDRIVE_PERSONS = (
    *("Person - Name", "Person - First name", "Person - Last name", "Person - Email - Work", "Person - Phone - Work"),
    *("Person - Job title", "Organization - Name", "Person - ID"),
)
PIPEDRIVE_DEALS = (
    *("Deal - ID", "Deal - Title", "Deal - Value", "Deal - Currency of value", "Deal - Stage", "Deal - Pipeline"),
    *("Deal - Status", "Deal - Owner", "Deal - Probability", "Deal - Expected close date", "Organization - Name"),
)
ZOHO_CONTACTS = (
    *("Record Id", "Contact Owner.id", "Contact Owner", "First Name", "Last Name", "Email", "Mobile", "Account.id"),
    *("Lead Source", "Created Time", "Modified Time"),
)
SALESFORCE_DEALS = (
    *("Id", "Name", "StageName", "Amount", "CloseDate", "Probability", "ForecastCategoryName", "IsClosed", "IsWon"),
    *("AccountId", "OwnerId", "CreatedDate", "SystemModstamp"),
)
SALESFORCE_REPORT = (
    *("Opportunity Owner", "Account Name", "Opportunity Name", "Stage", "Fiscal Period", "Amount"),
    *("Amount Currency", "Close Date", "Type", "Forecast Category"),
)


def targets(header: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    mapping = guess_mapping(header)
    found = {c.header: f"{c.target}:{c.by}" if c.by else c.target for c in mapping.columns}
    return mapping.table, {k: v for k, v in found.items() if v and not v.startswith("properties.")}


class TestOtherSystems:
    def test_contacts_of_hubspot(self) -> None:
        assert targets(HUBSPOT_CONTACTS) == (
            "contacts",
            {
                "Record ID": "external_id", "First Name": "first_name", "Last Name": "last_name", "Email": "email",
                "Phone Number": "phone", "Job Title": "title", "Company Name": "account_id:name",
                "Contact owner": "owner_id:name", "Lifecycle Stage": "lifecycle_stage", "Create Date": "created_at",
                "Original Source": "lead_source", "Country/Region": "country", "State/Region": "region",
                "City": "city", "Associated Company IDs (Primary)": "account_id:external_id",
            },
        )  # fmt: skip

    def test_deals_of_hubspot(self) -> None:
        assert targets(HUBSPOT_DEALS) == (
            "deals",
            {
                "Record ID": "external_id", "Deal Name": "name", "Deal Stage": "stage", "Pipeline": "pipeline",
                "Amount": "amount", "Close Date": "close_date", "Create Date": "created_at",
                "Deal owner": "owner_id:name",
                "Associated Company": "account_id:name", "Associated Company IDs (Primary)": "account_id:external_id",
                "Associated Contact IDs": "contact_id:external_id",
            },
        )  # fmt: skip

    def test_persons_of_pipedrive(self) -> None:
        table, found = targets(PIPEDRIVE_PERSONS)
        assert table == "contacts"
        assert found == {
            "Person - Name": "full_name", "Person - First name": "first_name", "Person - Last name": "last_name",
            "Person - Email - Work": "email", "Person - Phone - Work": "phone", "Person - Job title": "title",
            "Organization - Name": "account_id:name", "Person - ID": "external_id",
        }  # fmt: skip

    def test_deals_of_pipedrive(self) -> None:
        table, found = targets(PIPEDRIVE_DEALS)
        assert table == "deals"
        assert found == {
            "Deal - ID": "external_id", "Deal - Title": "name", "Deal - Value": "amount",
            "Deal - Currency of value": "currency", "Deal - Stage": "stage", "Deal - Pipeline": "pipeline",
            "Deal - Status": "status", "Deal - Owner": "owner_id:name", "Deal - Probability": "probability",
            "Deal - Expected close date": "expected_close_date", "Organization - Name": "account_id:name",
        }  # fmt: skip

    def test_contacts_of_zoho(self) -> None:
        table, found = targets(ZOHO_CONTACTS)
        assert table == "contacts"
        assert found["Contact Owner.id"] == "owner_id:external_id"
        assert found["Contact Owner"] == "owner_id:name"
        assert found["Account.id"] == "account_id:external_id"
        assert (found["Created Time"], found["Modified Time"]) == ("created_at", "modified_at")

    def test_opportunities_of_salesforce(self) -> None:
        table, found = targets(SALESFORCE_DEALS)
        assert table == "deals"
        assert found == {
            "Id": "external_id", "Name": "name", "StageName": "stage", "Amount": "amount", "CloseDate": "close_date",
            "Probability": "probability", "ForecastCategoryName": "forecast_category", "IsClosed": "is_closed",
            "IsWon": "is_won", "AccountId": "account_id:external_id", "OwnerId": "owner_id:external_id",
            "CreatedDate": "created_at", "SystemModstamp": "modified_at",
        }  # fmt: skip

    def test_a_report_of_salesforce(self) -> None:
        table, found = targets(SALESFORCE_REPORT)
        assert (table, found["Amount Currency"], found["Opportunity Name"]) == ("deals", "currency", "name")


class TestVendorExports:
    @pytest.mark.parametrize(
        ("path", "table", "expected"),
        [
            ("hubspot/contact_data.csv", "contacts", "property_email>email id>external_id property_company>account_id"),
            ("hubspot/company_data.csv", "accounts", "property_name>name property_annualrevenue>annual_revenue"),
            ("hubspot/deal_data.csv", "deals", "deal_id>external_id property_dealname>name property_amount>amount"),
            ("hubspot/ticket_data.csv", "cases", "property_subject>subject_line property_createdate>opened_at"),
            ("hubspot/email_campaign_data.csv", "campaigns", "id>external_id name>name"),
            ("hubspot/engagement_call_data.csv", "interactions", "property_hs_timestamp>occurred_at type>type"),
            ("hubspot/deal_stage_data.csv", "deal_stage_visits", "deal_id>deal_id date_entered>entered_at"),
            ("hubspot/owner_data.csv", "users", "owner_id>external_id email>email"),
            ("hubspot/team_data.csv", "teams", "id>external_id name>name"),
            ("salesforce/sf_account_data.csv", "accounts", "name>name parent_id>parent_account_id"),
            ("salesforce/sf_contact_data.csv", "contacts", "first_name>first_name account_id>account_id"),
            ("salesforce/sf_lead_data.csv", "contacts", "company>account_id email>email"),
            ("salesforce/sf_opportunity_data.csv", "deals", "stage_name>stage is_won>is_won close_date>close_date"),
            ("salesforce/sf_order_data.csv", "orders", "effective_date>ordered_at total_amount>amount"),
            ("salesforce/sf_product_2_data.csv", "products", "product_code>sku family>family"),
            ("salesforce/sf_task_data.csv", "interactions", "who_id>contact_id subject>subject_line"),
            ("zendesk/ticket_data.csv", "cases", "requester_id>contact_id created_at>opened_at via_channel>channel"),
            ("zendesk/organization_data.csv", "accounts", "id>external_id name>name"),
            ("zendesk/user_data.csv", "contacts", "email>email name>full_name organization_id>account_id"),
            ("mailchimp/member.csv", "contacts", "email_address>email merge_fname>first_name"),
            ("mailchimp/campaign.csv", "campaigns", "title>name send_time>started_at status>status"),
            ("mailchimp/campaign_recipient.csv", "campaign_members", "campaign_id>campaign_id member_id>contact_id"),
        ],
    )
    def test_are_recognised(self, real_data: Path, path: str, table: str, expected: str) -> None:
        file = real_data / "vendor_export_schemas" / path
        mapping = guess_mapping(open_file(file).header, file_name=file.name)
        assert mapping.table == table
        targets = dict(pair.split(">") for pair in expected.split())
        assert {c.header: c.target for c in mapping.columns if c.header in targets} == targets


class TestDictionaries:
    def test_name_only_columns_of_their_tables(self) -> None:
        for table, names in DICTIONARIES.items():
            columns = [{"header": target, "target": target} for target in names]
            assert Mapping.from_json({"table": table, "columns": columns}).targets() <= {
                *(target.partition(":")[0] for target in names),
                *DERIVED,
            }

    def test_fold_case_spaces_and_punctuation(self) -> None:
        spellings = (
            "Associated Company IDs (Primary)",
            "associated_company_ids_primary",
            "associatedCompanyIdsPrimary",
        )
        assert {fold(s) for s in spellings} == {"associatedcompanyidsprimary"}
        assert fold("Größe") != fold("Name")
        assert fold("名前") == "名前"


class TestUnknownColumns:
    def test_become_custom_fields_where_the_table_has_them(self) -> None:
        column = guess_columns("contacts", ["Email", "Favourite colour"])[1]
        assert column.target == "properties.Favourite colour"
        assert "not recognised" in column.note

    def test_are_left_out_and_said_where_it_has_none(self) -> None:
        column = guess_columns("products", ["SKU", "Favourite colour"])[1]
        assert column.target == ""
        assert "products have no custom fields" in column.note

    def test_with_a_target_that_another_column_took_say_so(self) -> None:
        mobile = guess_columns("contacts", ["Mobile Phone Number", "Phone Number"])[0]
        assert mobile.target == "properties.Mobile Phone Number"
        assert "'Phone Number' is taken for phone" in mobile.note

    @pytest.mark.parametrize("header", [["colour", "flavour"], ["id", "created_at", "time_zone"]])
    def test_or_next_to_only_those_leave_the_table_open(self, header: list[str]) -> None:
        with pytest.raises(DefinitionError, match="no table is recognised"):
            guess_table(header)


class TestChosenColumns:
    def test_go_to_several_targets(self) -> None:
        mapping = guess_mapping(
            ["mql_id"],
            table="deals",
            changes={"mql_id": [{"target": "external_id"}, {"target": "contact_id:external_id"}]},
        )
        assert [(c.target, c.by, c.confidence) for c in mapping.columns] == [
            ("external_id", "", 1.0),
            ("contact_id", "external_id", 1.0),
        ]

    def test_must_be_of_the_file_and_of_the_table(self) -> None:
        with pytest.raises(DefinitionError, match="no such column in the file"):
            guess_mapping(["Email"], table="contacts", changes={"Mail": [{"target": "email"}]})
        with pytest.raises(DefinitionError, match="contacts has no such column"):
            guess_mapping(["Email"], table="contacts", changes={"Email": [{"target": "mail"}]})

    def test_survive_being_kept_as_json(self) -> None:
        mapping = guess_mapping(HUBSPOT_DEALS)
        assert Mapping.from_json(mapping.to_json()) == mapping


class TestSettling:
    def settled(self, file: File, *lines: str, table: str = "deals") -> Mapping:
        path = file("deals.csv", *lines)
        opened = open_file(path)
        return settle(guess_mapping(opened.header, table=table), opened)

    def test_takes_the_order_of_day_and_month_from_the_whole_column(self, file: File) -> None:
        mapping = self.settled(file, "Deal Name,Close Date", *["A,03/04/2024"] * 1500, "B,25/04/2024")
        assert mapping.columns[1].dates == "dmy"

    def test_refuses_dates_that_the_whole_file_leaves_open(self, file: File) -> None:
        with pytest.raises(
            AmbiguousDatesError, match="every date in 'Close Date' may be day/month or month/day"
        ) as caught:
            self.settled(file, "Deal Name,Close Date", "A,03/04/2024", "B,05/06/2024")
        assert caught.value.headers == ("Close Date",)

    def test_takes_decimal_mark_and_per_cent_from_the_values(self, file: File) -> None:
        mapping = self.settled(file, "Deal Name;Amount;Probability", 'A;"1.234,50";75', 'B;"900";100')
        amount, probability = mapping.columns[1:]
        assert (amount.decimal, probability.percent) == (",", True)

    def test_leaves_fractions_alone(self, file: File) -> None:
        assert not self.settled(file, "Deal Name,Probability", "A,0.75", "B,1").columns[1].percent
