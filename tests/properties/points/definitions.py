"""Definitions that use every form of criterion, condition, decay and limit."""

CONTACT = r"""
name: everything
subject: contact
kind: points
range: [-20, 90.5]
bands: [{label: A, from: 60}, {label: B, from: 20.5}, {label: C, from: 0}]
matrix: {fit: [{label: A, from: 10}, {label: B, from: 0}], engagement: [{label: 1, from: 20}, {label: 2, from: 0}]}
limits: {fit: {min: -15, max: 25}, engagement: {max: 70}, total: {max: 88.123456}}
groups:
  company:
    type: fit
    limit: {min: -5, max: 30}
    criteria:
      - {name: sector, points: {value: account.industry, map: {software: 15.5, retail: 10}, otherwise: -1}}
      - {name: revenue, points: {value: account.annual_revenue, map: {0.1: 3, 1000000.5: 4}}}
      - {name: tier, points: {value: account.tier, map: {gold: 2, silver: 1}}}
      - {name: size, points: 10, when: {field: account.employees, between: [50, 1000]}}
      - {name: small, points: 1.5, when: {not: {field: account.employees, above: 49.5}}}
      - {name: seats, points: 2, when: {field: account.seats, at_least: 12.5}}
  person:
    type: fit
    criteria:
      - name: decision maker
        points: 15
        when:
          any:
            - {field: contact.title, matches: "(?i)\\b(head|vp|chief|director)\\b"}
            - {field: contact.seniority, in: [C_LEVEL, vp]}
      - {name: private, points: -10, when: {field: contact.email_domain, in_list: free_mail}}
      - {name: not private, points: 1, when: {not: {field: contact.email_domain, in_list: free_mail}}}
      - {name: no title, points: -2, when: {field: contact.title, present: false}}
      - name: starts
        points: 0.25
        when: {all: [{field: contact.title, starts_with: "über"}, {field: contact.title, ends_with: TOR}]}
      - {name: birthday, points: 1, when: {field: contact.birth_date, within_days: 30}}
      - {name: old, points: 1, when: {field: contact.created_at, older_than_days: 100}}
      - {name: newsletter, points: 3, when: {all: [{segment: news}, {not: {segment: vip}}]}}
      - name: colleagues
        points: 2
        when: {related: account.contacts, where: {field: seniority, is: vp}, measure: count, at_least: 2}
      - {name: richest deal, points: 2, when: {related: account.deals, measure: max, of: amount, at_least: 99.9999}}
      - name: mean deal
        points: 2
        when: {related: account.deals, where: {field: status, is: won}, measure: mean, of: amount, above: 100.5}
      - name: bought
        points: 1.25
        when:
          related: contact.orders
          where: {not: {field: status, is: cancelled}}
          measure: sum
          of: amount
          between: [5, 60]
      - {name: no bad cases, points: 1, when: {not: {related: account.cases, where: {field: type, is: complaint}}}}
      - {name: cheap orders, points: 1, when: {related: account.orders, measure: min, of: amount, at_most: 5}}
  doing:
    type: engagement
    limit: {max: 60}
    decay: {half_life_days: 30}
    criteria:
      - name: pricing
        points: 8
        per: {event: page_view, where: {field: url_path, starts_with: /pricing}}
        at_most: {times: 2, per_days: 7}
      - name: street
        points: -0.333333
        per: {event: page_view, where: {field: url_path, contains: strasse}, within_days: 90}
        at_most: {times: 1, per_days: 30}
      - {name: pages, points: 0.5, per: {event: page_view}}
      - name: pages known
        points: 0.125
        per: {event: page_view, where: {field: url_path, present: true}}
        decay: {per_days: 30, percent: 50, shape: linear}
      - name: clicks
        points: 2
        per: {event: email_click}
        decay: {per_days: 14, percent: 35.5, shape: compound}
        limit: {max: 3}
      - {name: demo, points: 30, once: {event: form_submit, where: {field: form, is: demo}, within_days: 90}}
      - name: three
        points: 1
        once: {event: form_submit, where: {any: [{field: n, is: 3}, {field: n, between: [4.5, 5]}]}}
      - {name: quiet forms, points: -3, once: {event: form_submit, where: {not: {field: form, is: demo}}}}
      - name: calls
        points: 1
        per: {event: call, where: {field: value, above: 1}}
        when: {field: account.industry, is: software}
      - {name: met, points: 4, per: {event: meeting, within_days: 120}, at_most: {times: 1, per_days: 30}}
      - {name: won, points: 5, once: {event: deal_won}}
  counted:
    type: engagement
    criteria:
      - name: visits
        points: {count: {event: page_view, within_days: 30}, ranges: [[1, 2, 2], [3, 9, 5], [10, null, 8]]}
      - {name: any meeting, points: {count: {event: meeting}, ranges: [[0, 0, -1], [1, null, 1]]}}
      - name: orders
        points: 1.5
        per: {event: order_placed, where: {field: amount, at_least: 5}}
        at_most: {times: 1, per_days: 10}
      - {name: answered, points: 2, per: {event: campaign_response, within_days: 100}}
      - {name: gone quiet, points: -15, when: {no: {event: any, within_days: 20}}}
      - {name: not gone quiet, points: 1, when: {not: {no: {event: any, within_days: 20}}}}
      - {name: never lost, points: 1, when: {no: {event: deal_lost}}}
"""

ACCOUNT = r"""
name: accounts
subject: account
kind: points
range: [0, 200]
groups:
  doing:
    type: engagement
    decay: {half_life_days: 14.5}
    criteria:
      - {name: pages, points: 1, per: {event: page_view}, at_most: {times: 2, per_days: 7}}
      - {name: mails, points: 0.1, per: {event: email_sent}}
      - {name: won, points: 10, per: {event: deal_won, where: {field: amount, above: 10}}}
      - {name: orders, points: 2, once: {event: order_placed}}
      - {name: answers, points: 3, per: {event: campaign_response}}
      - {name: many people, points: 5, when: {related: account.contacts, measure: count, at_least: 4}}
      - {name: quiet, points: -5, when: {no: {event: any, within_days: 5}}}
      - {name: sector, points: 2, when: {field: account.industry, in: [software, bank]}}
"""

DEAL = r"""
name: deals
subject: deal
kind: points
range: [-50, 100]
groups:
  deal:
    type: fit
    criteria:
      - {name: big, points: 10, when: {field: deal.amount, at_least: 99.9999}}
      - {name: closing, points: 5, when: {field: deal.expected_close_date, in_next_days: 30}}
      - {name: buyer, points: 3, when: {field: contact.seniority, in: [vp, c_level]}}
      - {name: sector, points: {value: account.industry, map: {software: 4}}}
      - {name: others won, points: 2, when: {related: account.deals, where: {field: status, is: won}}}
      - {name: colleagues, points: 2, when: {related: account.contacts, measure: count, at_least: 3}}
  doing:
    type: engagement
    decay: {per_days: 10, percent: 10, shape: compound}
    criteria:
      - {name: meetings, points: 5, per: {event: meeting}, at_most: {times: 1, per_days: 7}}
      - {name: any, points: 0.01, per: {event: any}}
      - {name: lost, points: -40, once: {event: deal_lost}}
"""
